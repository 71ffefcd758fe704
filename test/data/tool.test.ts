import * as assert from "uvu/assert";
import { suite } from "../harness.ts";
import { inFolder, put, putDetTree } from "./trees.ts";

const script = new URL("../../tools/prepare.ts", import.meta.url).pathname;

async function tool(flags: string[], env: Record<string, string> = {}) {
  const args = ["run", "-A", script, ...flags];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
  // Deno says so where another process has the lock.
  const said = new TextDecoder().decode(stderr).trim().split("\n").filter((line) =>
    !/waiting for file lock/.test(line)
  );
  return { code, stdout: new TextDecoder().decode(stdout), stderr: said.join("\n") };
}

suite("tools/prepare", (test) => {
  test("refuses bad flags in one sentence with exit code 2, and a bad source with 1", () =>
    inFolder(async (root) => {
      const det = ["--layout", "det", "--from", root];
      const idx = ["--layout", "idx", "--from", root];
      const cases: [number, RegExp, string[]][] = [
        [2, /--out/, det],
        [2, /--layout det needs --from/, ["--layout", "det", "--out", "x"]],
        [2, /--layout drawn takes no --from/, ["--layout", "drawn", "--from", root, "--out", "x"]],
        [2, /--layout det takes no --download/, [...det, "--out", "x", "--download"]],
        [2, /--layout idx takes no --validation/, [...idx, "--out", "x", "--validation", "0.2"]],
        [2, /--layout idx takes no --min-side/, [...idx, "--out", "x", "--min-side", "8"]],
        [2, /--size/, [...det, "--out", "x", "--size", "0"]],
        [2, /--validation/, [...det, "--out", "x", "--validation", "1"]],
        [2, /unknown option/, [...det, "--out", "x", "--colour"]],
        [1, /not in the DET layout/, [...det, "--out", `${root}/pack`]],
        [1, /has neither train-images-idx3-ubyte\.gz nor/, [...idx, "--out", `${root}/pack`]],
      ];
      const results = await Promise.all(cases.map(([, , args]) => tool(args)));
      results.forEach(({ code, stdout, stderr }, i) => {
        assert.is(code, cases[i][0], stderr);
        assert.match(stderr, cases[i][1]);
        assert.is(stderr.split("\n").length, 1, stderr);
        assert.is(stdout, "");
      });
    }));

  test("--download says plainly when the set's site cannot be reached, and makes no pack", () =>
    inFolder(async (root) => {
      const proxy = "http://127.0.0.1:1"; // nothing answers here, so this test asks nobody else
      const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "" };
      for (const [layout, file] of [["idx", "train-images-idx3-ubyte.gz"], ["cifar10", "cifar-10-binary.tar.gz"]]) {
        const { code, stderr } = await tool(
          ["--layout", layout, "--download", "--from", `${root}/in`, "--out", `${root}/pack`],
          env,
        );
        assert.is(code, 1);
        assert.match(stderr, new RegExp(`^prepare: http\\S*${file} cannot be reached: [^\n]*\\.$`));
      }
      assert.equal([...Deno.readDirSync(root)].map(({ name }) => name), ["in"]);
    }));

  test("passes every flag on, and --json prints the description and nothing else", () =>
    inFolder(async (root) => {
      await putDetTree(root, 10);
      await put(`${root}/x-words.txt`, "a\tapple, fruit");
      const flags = "--size 6 --classes 2 --per-class 8 --validation 0.25 --seed 9 --min-side 7".split(" ");
      const base = ["--layout", "det", "--from", root, "--out", `${root}/pack`];
      const { code, stdout } = await tool([...base, ...flags, "--json"]);
      assert.is(code, 0);
      const info = JSON.parse(stdout);
      assert.equal(info, JSON.parse(await Deno.readTextFile(`${root}/pack/pack.json`)));
      const { size, seed, validation, minSide, counts, classes } = info;
      assert.equal({ size, seed, validation, minSide }, { size: 6, seed: 9, validation: 0.25, minSide: 7 });
      assert.equal(counts, { train: { a: 6, b: 6 }, validation: { a: 2, b: 2 } });
      assert.equal(classes, [{ id: "a", name: "apple" }, { id: "b", name: "b" }]);
    }));
});
