/** Where a Debian machine gets its packages from, and the source that adds backports from the very same mirror. */

/** A file of /etc/apt with its content; `name` ends in `.list` (a line per source) or `.sources` (deb822 stanzas). */
export interface SourceFile {
  name: string;
  text: string;
}

const note = "# Added by superpose's set-up, for a Mesa that WebGPU accepts.\n";

const release = (suite: string, codename: string) => [codename, "stable", "oldstable"].includes(suite);

/** `deb [options] URI suite components…` → the same line for `suite`, or undefined where it is no main archive. */
function backportsLine(line: string, codename: string, suite: string): string | undefined {
  const [, head, from, components] = /^\s*(deb\s+(?:\[[^\]]*\]\s*)?\S+)\s+(\S+)\s+([^#]+)/.exec(line) ?? [];
  if (!head || !release(from, codename) || !components.trim().split(/\s+/).includes("main")) return undefined;
  return `${head} ${suite} main\n`;
}

/** The fields of a deb822 stanza by lower-case name, each with its raw text (continuation lines included). */
function fields(stanza: string): Map<string, string> {
  const lines = stanza.split("\n").filter((line) => !line.startsWith("#"));
  const joined = lines.join("\n").split(/\n(?![ \t])/);
  return new Map(
    joined.filter((field) => field.includes(":")).map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trimEnd()];
    }),
  );
}

/** A deb822 stanza → the same stanza for `suite`, or undefined where it is disabled or no main archive. */
function backportsStanza(stanza: string, codename: string, suite: string): string | undefined {
  const found = fields(stanza);
  const words = (name: string) => (found.get(name) ?? "").trim().split(/\s+/);
  const wanted = words("types").includes("deb") && words("suites").some((word) => release(word, codename)) &&
    words("components").includes("main") &&
    !/^(no|false|off|without|disable)$/i.test(found.get("enabled")?.trim() ?? "yes");
  if (!wanted) return undefined;
  found.set("types", " deb").set("suites", ` ${suite}`).set("components", " main");
  return [...found].map(([name, value]) => `${name}:${value}\n`).join("");
}

/**
 * The source of `<codename>-backports` on the mirror that `files` name for the release itself, with that mirror's own
 * options and keys and in its own style; undefined where no file names one.
 */
export function backportsSource(files: SourceFile[], codename: string): SourceFile | undefined {
  const suite = `${codename}-backports`;
  for (const { name, text } of files) {
    const deb822 = name.endsWith(".sources");
    const parts = deb822 ? text.replaceAll("\r", "").split(/\n[ \t]*\n/) : text.split("\n");
    for (const part of parts) {
      const added = deb822 ? backportsStanza(part, codename, suite) : backportsLine(part, codename, suite);
      if (added) return { name: `superpose-backports.${deb822 ? "sources" : "list"}`, text: note + added };
    }
  }
  return undefined;
}

/** Every source file apt reads on this machine. */
export function readSources(etc = "/etc/apt"): SourceFile[] {
  const read = (path: string): SourceFile[] => {
    try {
      return [{ name: path.slice(path.lastIndexOf("/") + 1), text: Deno.readTextFileSync(path) }];
    } catch {
      return []; // a file that is not there, or that we may not read
    }
  };
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(`${etc}/sources.list.d`)].map((entry) => entry.name).sort();
  } catch {
    // no such folder: sources.list is all there is
  }
  const parts = names.filter((name) => /^[\w.-]+\.(list|sources)$/.test(name));
  return [`${etc}/sources.list`, ...parts.map((name) => `${etc}/sources.list.d/${name}`)].flatMap(read);
}
