/** Which Mesa to take, decided from what apt says; pure, so that it can be tested without apt. */
import { backportsSource, type SourceFile } from "./sources.ts";

/** The package with Mesa's Vulkan drivers, its software one (lavapipe) among them. */
export const mesa = "mesa-vulkan-drivers";

/** Mesa 22.3 (Debian 12) is refused by Dawn: it lacks shaderUniform*ArrayDynamicIndexing. */
const oldestMajor = 23;

/** How to get a new enough Mesa: from which suite (undefined: apt's own choice) and with which added source. */
export interface Plan {
  suite?: string;
  source?: SourceFile;
}

/** The upstream major of a Debian version: `1:25.0.7-2~bpo12+1` → 25. */
export function major(version: string): number {
  return Number(/^(?:\d+:)?(\d+)/.exec(version)?.[1] ?? NaN);
}

export const newEnough = (version: string): boolean => major(version) >= oldestMajor;

/** The candidate and the version table of `apt-cache policy PACKAGE`; both empty where apt does not know it. */
export function parsePolicy(text: string): { candidate: string; table: { version: string; suites: string[] }[] } {
  const candidate = /^ {2}Candidate: (\S+)/m.exec(text)?.[1] ?? "";
  const table: { version: string; suites: string[] }[] = [];
  for (const line of text.split("Version table:\n")[1]?.split("\n") ?? []) {
    const version = /^ (?:\*\*\*| {3}) (\S+)/.exec(line)?.[1];
    if (version) table.push({ version, suites: [] });
    const suite = /^ {8,}-?\d+ \S+ ([^/\s]+)\/\S+ \S+ Packages/.exec(line)?.[1];
    if (suite) table.at(-1)?.suites.push(suite);
  }
  return { candidate, table };
}

/** ID and VERSION_CODENAME of /etc/os-release, empty where missing. */
export function parseOsRelease(text: string): { id: string; codename: string } {
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?`, "m").exec(text)?.[1] ?? "";
  return { id: value("ID"), codename: value("VERSION_CODENAME") };
}

/** How to get a new enough Mesa on this machine, or undefined where its distribution has none. */
export function planMesa(policy: string, osRelease: string, sources: SourceFile[]): Plan | undefined {
  const { candidate, table } = parsePolicy(policy);
  if (newEnough(candidate)) return {};
  const known = table.find(({ version, suites }) => newEnough(version) && suites.length > 0);
  if (known) return { suite: known.suites[0] };
  const { id, codename } = parseOsRelease(osRelease);
  if (id !== "debian" || codename !== "bookworm") return undefined;
  const source = backportsSource(sources, codename);
  return source && { suite: `${codename}-backports`, source };
}
