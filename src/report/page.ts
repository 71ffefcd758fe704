/** The page around the sections: one HTML file with its style, pictures and charts inside it. */
import { type Html, markup, type Part, trusted } from "./markup.ts";

/** A part of the report with a heading; a report is a list of them. */
export interface Section {
  /** Unique in the page, for links to it. */
  id: string;
  title: string;
  body: Html;
  /** The commands that made what it shows. */
  commands?: readonly string[];
}

/** What the report says about itself, above the sections. */
export interface Heading {
  title: string;
  /** The command that made everything shown. */
  command: string;
  /** When, as text. */
  created: string;
  /** The graphics adapter that all of it ran on. */
  adapter: string;
}

/** Files of style/ in the order in which later rules win. */
const STYLES = ["page", "figures", "surfaces", "tables", "media"];

/** The whole document as text. It refers to nothing outside itself. */
export async function page(heading: Heading, lead: Html, sections: readonly Section[]): Promise<string> {
  const styles = await Promise.all(
    STYLES.map((name) => Deno.readTextFile(new URL(`style/${name}.css`, import.meta.url))),
  );
  return markup`<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${heading.title}</title>
<style>
${trusted(styles.join("\n"))}</style>
</head>
<body>
<header>
<p class="kind">superpose report</p>
<h1>${heading.title}</h1>
<dl class="facts">
<div><dt>Made with</dt><dd><code>${heading.command}</code></dd></div>
<div><dt>On</dt><dd>${heading.adapter}</dd></div>
<div><dt>At</dt><dd class="clock">${heading.created}</dd></div>
</dl>
${lead}
<nav aria-label="Contents"><ol>
${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>\n`)}</ol></nav>
</header>
<main>
${sections.map(section)}</main>
</body>
</html>
`.text;
}

function section({ id, title, body, commands = [] }: Section): Html {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
${commands.length > 0 ? made(commands) : ""}</section>
`;
}

function made(commands: readonly string[]): Html {
  return markup`<details class="made"><summary>Made with</summary>
${
    commands.map((command) =>
      markup`<pre><code>${command}</code></pre>
`
    )
  }</details>
`;
}

/** A figure with the paper's number ("Fig. 4") and a caption. */
export function figure(number: string, caption: Part, body: Part): Html {
  return markup`<figure>
${body}
<figcaption><b class="number">${number}</b> ${caption}</figcaption>
</figure>`;
}

/** One sentence in the place of something there is nothing to show for. */
export function absent(reason: string): Html {
  return markup`<p class="absent">${reason}</p>`;
}
