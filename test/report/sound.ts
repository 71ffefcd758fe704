/** What every page of a report must be. */
import * as assert from "uvu/assert";

/** The text a reader sees: no styles, no tags, entities resolved, white space as one space. */
export function visible(page: string): string {
  return page.replace(/<style>.*?<\/style>/s, "").replace(/<[^>]*>/g, " ").replace(/\u202f|\u00a0/g, " ")
    .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");
}

/** Every element that is opened is closed, in order. */
function assertWellFormed(page: string): void {
  const open: string[] = [];
  for (const [tag, closing, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/gi)) {
    if (/^(meta|img|br|link|input)$/i.test(name) || tag.endsWith("/>")) continue;
    if (closing === "") open.push(name);
    else assert.is(open.pop(), name, `</${name}> closes`);
  }
  assert.equal(open, []);
}

/** The page is whole, shows no number that is none, and loads nothing. */
export function assertSound(page: string): void {
  assertWellFormed(page);
  assert.not.match(visible(page), /NaN|undefined|Infinity|\[object|null/);
  assert.not.match(page, /="[^"]*(NaN|undefined|Infinity|\[object|null)/);
  // The SVG namespaces are names, not addresses to load from; base64 may spell anything.
  const loading = page.replace(/xmlns(:xlink)?="[^"]*"|(?:src|href)="data:image\/png;base64,[^"]*"/g, "");
  assert.not.match(loading, /https?:|\/\/[a-z]|<script|<link|@import|\bsrc=|url\(['"]?[^#'"]/i);
  assert.ok(page.startsWith("<!DOCTYPE html>"));
}
