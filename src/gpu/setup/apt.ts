/** Gets Mesa with apt: installed into the machine (root), or only downloaded (anybody). */
import { mesa, type Plan, planMesa } from "./decide.ts";
import { readSources } from "./sources.ts";

export type Say = (line: string) => void;

/** Runs a program with no input and in apt's and ldd's plain English; a missing program is a failure like any other. */
export async function sh(program: string, args: string[], options: Deno.CommandOptions = {}) {
  const env = { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive", ...options.env };
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { ...options, args, env, stdin: "null" })
      .output();
    return { success, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  } catch (error) {
    return { success: false, out: "", err: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws with the program's own last error line. */
export async function must(program: string, args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { success, out, err } = await sh(program, args, options);
  if (!success) {
    throw new Error(`${program}: ${err.trim().split("\n").findLast((line) => line.startsWith("E:")) ?? err.trim()}`);
  }
  return out;
}

function readOsRelease(): string {
  try {
    return Deno.readTextFileSync("/etc/os-release");
  } catch {
    return "";
  }
}

const plan = async (options: string[]): Promise<Plan | undefined> =>
  planMesa((await sh("apt-cache", [...options, "policy", mesa])).out, readOsRelease(), readSources());

const installArguments = ({ suite }: Plan): string[] => [
  "install",
  "-y",
  "--no-install-recommends",
  ...(suite ? ["-t", suite] : []),
  mesa,
  "libvulkan1",
];

/** Another apt may be at work on a machine that has just been started. */
const patience = ["-o", "DPkg::Lock::Timeout=300"];

/** Installs a new enough Mesa, adding the backports of the machine's own mirror where needed; root only. */
export async function installMesa(say: Say): Promise<void> {
  // One unreachable source need not matter, so what counts is what apt knows afterwards.
  await sh("apt-get", [...patience, "update"]);
  const found = await plan([]);
  if (!found) throw new Error(`apt knows no new enough ${mesa}`);
  const added = found.source && `/etc/apt/sources.list.d/${found.source.name}`;
  if (added) {
    say(`adding ${added}: this release's own Mesa is too old`);
    Deno.writeTextFileSync(`${added}.new`, found.source!.text);
    Deno.chmodSync(`${added}.new`, 0o644); // whatever the umask: apt's own user must be able to read it
    Deno.renameSync(`${added}.new`, added);
  }
  try {
    if (added) await must("apt-get", [...patience, "update"]);
    await must("apt-get", [...patience, ...installArguments(found)]);
  } catch (error) {
    if (added) Deno.removeSync(added); // a source that leads nowhere would break the next apt-get update
    throw error;
  }
}

/** apt with a state, a cache and sources of its own below `folder`: it needs no root, and knows what is installed. */
async function privateApt(folder: string): Promise<{ options: string[]; archives: string }> {
  const archives = `${folder}/cache/archives`;
  for (const path of [`${folder}/state/lists/partial`, `${archives}/partial`, `${folder}/sources`]) {
    await Deno.mkdir(path, { recursive: true });
  }
  for (const { name, text } of readSources()) await Deno.writeTextFile(`${folder}/sources/${name}`, text);
  const settings = [
    `Dir::State=${folder}/state`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${folder}/cache`,
    `Dir::Etc::sourcelist=${folder}/none`,
    `Dir::Etc::sourceparts=${folder}/sources`,
    "Acquire::Languages=none",
    "APT::Sandbox::User=root", // as root, apt's own user could not write here
    "Debug::NoLocking=1",
  ];
  const options = settings.flatMap((setting) => ["-o", setting]);
  await sh("apt-get", [...options, "update"]);
  return { options, archives };
}

/** Downloads a new enough Mesa and what it needs beyond the installed packages; returns the .deb files' folder. */
export async function downloadMesa(folder: string): Promise<string> {
  const { options, archives } = await privateApt(folder);
  const found = await plan(options);
  if (!found) throw new Error(`apt knows no new enough ${mesa}`);
  if (found.source) {
    await Deno.writeTextFile(`${folder}/sources/${found.source.name}`, found.source.text);
    await must("apt-get", [...options, "update"]);
  }
  await must("apt-get", [...options, "--download-only", ...installArguments(found)]);
  return archives;
}

/** Downloads the Debian package that holds SwiftShader; returns the folder of the .deb file. */
export async function downloadSwiftShader(folder: string): Promise<string> {
  const { options, archives } = await privateApt(folder);
  await must("apt-get", [...options, "download", "chromium-common"], { cwd: archives });
  return archives;
}
