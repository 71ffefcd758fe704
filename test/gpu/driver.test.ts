/** The set-up step: which Mesa to take and from where, what is tried in which order, and how a process takes it up. */
import { equal, is, match, not, throws } from "uvu/assert";
import { UserError } from "../../src/errors.ts";
import { driverChosenByUser, useUnpackedDriver } from "../../src/gpu/driver.ts";
import { major, parsePolicy, planMesa } from "../../src/gpu/setup/decide.ts";
import { findAdapter } from "../../src/gpu/setup/probe.ts";
import { advice, type Attempt, attempts, firstThatHelps } from "../../src/gpu/setup/provide.ts";
import { backportsSource, readSources } from "../../src/gpu/setup/sources.ts";
import { loadOrder, parseLdd } from "../../src/gpu/setup/unpack.ts";
import { suite } from "../harness.ts";

const note = "# Added by superpose's set-up, for a Mesa that WebGPU accepts.\n";
const deb822 = `# the machine's own
Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
# http://snapshot.example/20250520
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc: def
 -----END PGP PUBLIC KEY BLOCK-----
`;

suite("setup: the mirror of the machine's own sources", (test) => {
  const line = (text: string) => backportsSource([{ name: "sources.list", text }], "bookworm")?.text;
  const stanza = (text: string) => backportsSource([{ name: "debian.sources", text }], "bookworm");

  test("a deb822 stanza keeps its mirror and its key", () => {
    equal(stanza(deb822), {
      name: "superpose-backports.sources",
      text: note + "types: deb\nuris: http://mirror.example/debian\nsuites: bookworm-backports\ncomponents: main\n" +
        "signed-by:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc: def\n -----END PGP PUBLIC KEY BLOCK-----\n",
    });
  });
  test("a disabled, source-only or security stanza is no mirror", () => {
    is(stanza(deb822.replaceAll("Types:", "Enabled: no\nTypes:")), undefined);
    is(stanza(deb822.replace("Types: deb deb-src", "Types: deb-src")), undefined);
    is(stanza(deb822.replace("Suites: bookworm ", "Suites: trixie ")), undefined);
  });
  test("a one-line source keeps its mirror and its options", () => {
    is(
      line("deb http://m.example/debian bookworm main"),
      note + "deb http://m.example/debian bookworm-backports main\n",
    );
    is(
      line(
        "deb-src http://m.example/d bookworm main\n deb [ arch=amd64 signed-by=/k.gpg ] http://m.example/d stable contrib main # x",
      ),
      note + "deb [ arch=amd64 signed-by=/k.gpg ] http://m.example/d bookworm-backports main\n",
    );
  });
  test("comments, other suites and other components are no mirror", () => {
    is(line("# deb http://m.example/d bookworm main"), undefined);
    is(line("deb http://m.example/d bookworm-security main"), undefined);
    is(line("deb http://m.example/d bookworm contrib # main"), undefined);
    is(line(""), undefined);
  });
  test("apt's files are read, others are not", () => {
    const etc = Deno.makeTempDirSync();
    Deno.mkdirSync(`${etc}/sources.list.d`);
    equal(readSources(etc), []);
    Deno.writeTextFileSync(`${etc}/sources.list`, "a");
    for (const name of ["b.list", "c.sources", "d.list.disabled"]) {
      Deno.writeTextFileSync(`${etc}/sources.list.d/${name}`, name);
    }
    equal(readSources(etc).map(({ name }) => name), ["sources.list", "b.list", "c.sources"]);
    Deno.removeSync(etc, { recursive: true });
  });
});

const policy = (candidate: string, table: string) =>
  `mesa-vulkan-drivers:\n  Installed: (none)\n  Candidate: ${candidate}\n  Version table:\n${table}`;
const row = (version: string, priority: number, suite: string) =>
  `     ${version} ${priority}\n        ${priority} http://mirror.example/debian ${suite}/main amd64 Packages\n`;
const old = row("22.3.6-1+deb12u2", 500, "bookworm");
const backport = row("25.0.7-2~bpo12+1", 100, "bookworm-backports");
const bookworm = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n';
const sources = [{ name: "debian.sources", text: deb822 }];

suite("setup: which Mesa", (test) => {
  test("upstream majors of Debian versions", () => {
    is(major("25.0.7-2~bpo12+1"), 25);
    is(major("1:9.0-1"), 9);
    is(Number.isNaN(major("(none)")), true);
  });
  test("the version table is read with its suites", () => {
    const installed = " *** 25.0.7-2~bpo12+1 100\n        100 /var/lib/dpkg/status\n";
    equal(parsePolicy(policy("25.0.7-2~bpo12+1", installed + old)), {
      candidate: "25.0.7-2~bpo12+1",
      table: [{ version: "25.0.7-2~bpo12+1", suites: [] }, { version: "22.3.6-1+deb12u2", suites: ["bookworm"] }],
    });
  });
  test("a new enough candidate is taken as it is", () => {
    equal(
      planMesa(policy("25.0.7-2", row("25.0.7-2", 500, "trixie")), "ID=debian\nVERSION_CODENAME=trixie\n", sources),
      {},
    );
    equal(planMesa(policy("23.2.1-1ubuntu3.1", row("23.2.1-1ubuntu3.1", 500, "jammy-updates")), "ID=ubuntu\n", []), {});
  });
  test("backports that apt knows already are asked for by suite", () => {
    equal(planMesa(policy("22.3.6-1+deb12u2", backport + old), bookworm, sources), { suite: "bookworm-backports" });
  });
  test("bookworm without backports gets them added", () => {
    const plan = planMesa(policy("22.3.6-1+deb12u2", old), bookworm, sources);
    is(plan?.suite, "bookworm-backports");
    match(plan?.source?.text ?? "", "http://mirror.example/debian\n");
  });
  test("no plan where there is nothing new enough", () => {
    is(planMesa(policy("22.3.6-1+deb12u2", old), bookworm, []), undefined);
    is(
      planMesa(policy("21.2.6-0ubuntu0.1", row("21.2.6-0ubuntu0.1", 500, "focal")), "ID=ubuntu\n", sources),
      undefined,
    );
    is(planMesa("", "", []), undefined);
  });
});

suite("setup: what is tried", (test) => {
  const fails: Attempt = () => Promise.reject(new Error("no"));
  const works: Attempt = () => Promise.resolve();

  test("only root installs, and nothing goes without apt", () => {
    is(attempts(true, true).length, attempts(true, false).length + 1);
    is(attempts(true, false).length > 0, true);
    is(attempts(false, true).length + attempts(false, false).length, 0);
  });
  test("the first way that gives an adapter ends the search", async () => {
    const said: string[] = [];
    const found = ["", "llvmpipe"];
    const find = () => Promise.resolve(found.shift() || undefined);
    const never: Attempt = () => Promise.reject(said.push("never"));
    is(await firstThatHelps([fails, works, works, never], find, (line) => said.push(line)), "llvmpipe");
    equal(said, ["that did not work: no", "that driver gives no adapter on this machine"]);
  });
  test("nothing found where every way fails", async () => {
    is(await firstThatHelps([fails, fails], () => Promise.resolve("never asked"), () => {}), undefined);
  });
  test("the advice is one sentence and names what to do", () => {
    for (const text of [advice("linux"), advice("darwin"), advice("windows"), advice("linux", "VK_DRIVER_FILES")]) {
      not.match(text, "\n");
    }
    match(advice("linux"), "mesa-vulkan-drivers");
    match(advice("linux", "VK_DRIVER_FILES"), "VK_DRIVER_FILES");
  });
  test("this machine's adapter is found", async () => {
    is((await findAdapter() ?? "").length > 0, true);
  });
});

suite("setup: the unpacked driver", (test) => {
  test("what ldd says", () => {
    const text = "\tlinux-vdso.so.1 (0x00007f)\n\tlibz.so.1 => /a b/libz.so.1 (0x00007f)\n\tlibq.so => not found\n" +
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
    equal(parseLdd(text), [{ name: "libz.so.1", path: "/a b/libz.so.1" }, { name: "libq.so", path: "" }]);
    equal(parseLdd("\tstatically linked\n"), []);
  });
  test("a library comes after all it needs", () => {
    equal(loadOrder(new Map([["top", ["mid", "low"]], ["mid", ["low"]], ["low", []]])), ["low", "mid", "top"]);
  });
  test("a person's own choice is respected, our own setting is none", () => {
    const chosen = (env: Record<string, string>) => driverChosenByUser((name) => env[name], "/p/icd.json");
    is(chosen({}), undefined);
    is(chosen({ VK_DRIVER_FILES: "", VK_ICD_FILENAMES: "/p/icd.json" }), undefined);
    is(chosen({ VK_DRIVER_FILES: "/other.json" }), "VK_DRIVER_FILES");
    is(chosen({ VK_ICD_FILENAMES: "/other.json" }), "VK_ICD_FILENAMES");
  });
  if (Deno.build.os === "linux") test("a process takes it up, once whole", takeUp);
});

function takeUp() {
  const names = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
  const before = names.map((name) => Deno.env.get(name));
  const path = `${Deno.makeTempDirSync({ prefix: "with space " })}/`;
  const folder = new URL(`file://${encodeURI(path)}`);
  const write = (libraries: string[]) =>
    Deno.writeTextFileSync(`${path}driver.json`, JSON.stringify({ icd: "icd.json", libraries }));
  try {
    names.forEach((name) => Deno.env.delete(name));
    is(useUnpackedDriver(folder), false);
    write(["lib/missing.so"]);
    throws(
      () => useUnpackedDriver(folder),
      (error: Error) => error instanceof UserError && /deno task setup/.test(error.message),
    );
    is(Deno.env.get(names[0]), undefined);
    write([]);
    is(useUnpackedDriver(folder), true);
    names.forEach((name) => is(Deno.env.get(name), `${path}icd.json`));
    is(useUnpackedDriver(folder), true);
    Deno.env.set(names[0], "/other.json");
    is(useUnpackedDriver(folder), false);
  } finally {
    names.forEach((name, i) => before[i] === undefined ? Deno.env.delete(name) : Deno.env.set(name, before[i]));
    Deno.removeSync(path, { recursive: true });
  }
}
