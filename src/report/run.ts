/** How the report came about: the time each step took and every setting. */
import { duration, percent } from "./format.ts";
import { markup } from "./markup.ts";
import { absent, type Section } from "./page.ts";
import { table } from "./tables.ts";

/** Settings of one step or network, as they were used. */
export interface SettingsGroup {
  group: string;
  entries: [name: string, value: string][];
}

/** Where the time went, a bar per step. */
export function timingsSection(timings: readonly [step: string, seconds: number][]): Section {
  const section = { id: "time", title: "Time" };
  if (timings.length === 0) return { ...section, body: absent("No step was timed.") };
  const total = timings.reduce((sum, [, seconds]) => sum + seconds, 0);
  const longest = Math.max(...timings.map(([, seconds]) => seconds));
  const share = (seconds: number) => total === 0 ? 0 : seconds / total;
  const rows = timings.map(([step, seconds]) => [
    step,
    markup`<span class="clock">${duration(seconds)}</span>`,
    markup`<span class="clock">${percent(share(seconds))}</span>`,
    markup`<span class="bar clock" style="width:${
      longest === 0 ? 0 : Number((100 * seconds / longest).toFixed(1))
    }%"></span>`,
  ]);
  const columns = [
    { title: "Step" },
    { title: "Wall-clock time", number: true },
    { title: "Share", number: true },
    { title: markup`<span class="unseen">Share as a bar</span>` },
  ];
  const foot = ["All steps", markup`<span class="clock">${duration(total)}</span>`, percent(share(total)), ""];
  return { ...section, body: table("Time per step of this run", columns, rows, foot) };
}

/** Every setting used, in groups. */
export function settingsSection(groups: readonly SettingsGroup[]): Section {
  const card = ({ group, entries }: SettingsGroup) =>
    markup`<div class="card"><h3>${group}</h3>
<dl>${entries.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl></div>
`;
  const body = groups.length === 0
    ? absent("No settings were recorded.")
    : markup`<div class="settings">\n${groups.map(card)}</div>`;
  return { id: "settings", title: "Settings", body };
}
