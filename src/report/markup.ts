/** HTML that is escaped by construction: only text which went through the `markup` template is ever taken as markup. */

/** A piece of finished markup. Only {@link markup} and {@link trusted} make one. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: markup as it is, text escaped, numbers as they print, lists one after another. */
export type Part = Html | string | number | readonly Part[];

/** ``markup`<p>${text}</p>` `` with every interpolated string escaped. A number must be finite, so no NaN reaches a page. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + render(parts[index - 1]) + string));
}

/** Markup made elsewhere, such as a chart's SVG or a style sheet. Never for text that a user or a file supplied. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "string") return escape(part);
  if (typeof part !== "number") return part.map(render).join("");
  if (!Number.isFinite(part)) throw new RangeError(`a report cannot show the number ${part}`);
  return String(part);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
