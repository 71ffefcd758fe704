/** Numbers as a reader should see them: always with their unit, never NaN. */

/** Between a number and its unit: narrow, and no line break there. */
const SPACE = "\u202f";

/** A fraction as a percentage with one decimal: 0.7194 → "71.9 %". */
export function percent(fraction: number): string {
  return finite(fraction * 100).toFixed(1) + SPACE + "%";
}

/** A network's confidence. Only certainty is 100 %, so what would round to it shows as "> 99.9 %". */
export function confidence(fraction: number): string {
  return fraction < 1 && fraction >= 0.9995 ? ">" + SPACE + percent(0.999) : percent(fraction);
}

/** Two fractions as a range of percentages: "66.1–77.0 %". */
export function percentRange(low: number, high: number): string {
  return `${finite(low * 100).toFixed(1)}–${finite(high * 100).toFixed(1)}${SPACE}%`;
}

/** A whole number with separated thousands: 12345 → "12,345". */
export function integer(value: number): string {
  return finite(value).toLocaleString("en-GB", { maximumFractionDigits: 0 });
}

/** Pixel values run from 0 to 255, and so do ε and λ: 16 → "16/255". */
export function pixels(value: number): string {
  return `${finite(value)}/255`;
}

/** How many times something: 2.014 → "× 2.01". */
export function times(factor: number): string {
  return `×${SPACE}${finite(factor).toFixed(2)}`;
}

/** Seconds as a person would say them: "0.42 s", "63 s", "12 min 05 s", "2 h 03 min". */
export function duration(seconds: number): string {
  if (finite(seconds) < 9.995) return seconds.toFixed(2) + SPACE + "s";
  const whole = Math.round(seconds);
  if (whole < 120) return whole + SPACE + "s";
  const minutes = whole < 3600 ? Math.floor(whole / 60) : Math.round(whole / 60);
  if (whole < 3600) return `${minutes}${SPACE}min ${two(whole % 60)}${SPACE}s`;
  return `${Math.floor(minutes / 60)}${SPACE}h ${two(minutes % 60)}${SPACE}min`;
}

/** "1 network", "3 networks". */
export function plural(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`a report cannot show the number ${value}`);
  return value;
}
