import * as assert from "uvu/assert";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../src/data/safetensors.ts";
import { Network } from "../../src/nn/network.ts";
import { loadWeights, saveWeights } from "../../src/nn/weights.ts";
import { inFolder } from "../data/trees.ts";
import { suite } from "../harness.ts";
import { engine, refused } from "../ops/engine.ts";
import { architecture, digest, randomTwin } from "./networks.ts";

/** Everything a network holds, bit for bit. */
async function bits(network: Network): Promise<[string, string][]> {
  return [...await network.parameters.read()].map(([name, values]) => [name, digest(values)]);
}

suite("weight files", (test) => {
  test("a round trip is exact, and the same network gives the same bytes", () =>
    inFolder(async (folder) => {
      const { network } = await randomTwin(5, architecture());
      await saveWeights(`${folder}/a.safetensors`, network);
      const copy = new Network(await engine(), architecture());
      copy.parameters.initialise(1);
      assert.not.equal(await bits(copy), await bits(network));
      await loadWeights(`${folder}/a.safetensors`, copy);
      assert.equal(await bits(copy), await bits(network));
      await saveWeights(`${folder}/b.safetensors`, copy);
      const [a, b] = [await Deno.readFile(`${folder}/a.safetensors`), await Deno.readFile(`${folder}/b.safetensors`)];
      assert.is(digest(b), digest(a));
      for (const resource of [network, copy]) resource.free();
    }));

  test("names and shapes are those of torchvision's vgg13_bn, metadata holds the normaliser", () =>
    inFolder(async (folder) => {
      const width = 0.125;
      const { network, state } = await randomTwin(5, architecture({ width }));
      const path = `${folder}/weights.safetensors`;
      await saveWeights(path, network);
      network.free();
      const { entries, metadata } = await openSafetensors(path);
      const { tensors } = await readSafetensors(path);

      const expected: [string, string][] = [["classifier.weight", `F32 3,${512 * width}`], [
        "classifier.bias",
        "F32 3",
      ]];
      const convolutions = [0, 3, 7, 10, 14, 17, 21, 24, 28, 31];
      const channels = [3, 64, 64, 128, 128, 256, 256, 512, 512, 512, 512].map((n) => n === 3 ? 3 : n * width);
      convolutions.forEach((index, i) => {
        const [inputs, outputs] = [channels[i], channels[i + 1]];
        expected.push([`features.${index}.weight`, `F32 ${outputs},${inputs},3,3`]);
        expected.push([`features.${index}.bias`, `F32 ${outputs}`]);
        for (const part of ["weight", "bias", "running_mean", "running_var"]) {
          expected.push([`features.${index + 1}.${part}`, `F32 ${outputs}`]);
        }
        expected.push([`features.${index + 1}.num_batches_tracked`, "I64 "]);
        assert.ok(tensors[`features.${index}.bias`].data.every((value: number | bigint) => value === 0));
      });
      const found = [...entries].map(([name, { dtype, shape }]): [string, string] => [name, `${dtype} ${shape}`]);
      assert.equal(found.sort(), expected.sort());

      // Ours is [out][row][column][in], torch's [out][in][row][column].
      const [ours, torch] = [state.get("features.3.weight")!.data, tensors["features.3.weight"].data];
      for (const [o, i, row, column] of [[0, 0, 0, 1], [0, 5, 2, 0], [7, 3, 1, 2], [4, 7, 2, 2]]) {
        assert.is(torch[((o * 8 + i) * 3 + row) * 3 + column], ours[((o * 3 + row) * 3 + column) * 8 + i]);
      }
      const { normaliser } = architecture();
      assert.equal([metadata.mean, metadata.std].map((text) => JSON.parse(text)), [normaliser.mean, normaliser.std]);
      assert.is(metadata.format, "pt");
    }));

  test("a missing tensor, another shape or type, a file cut short: one sentence that names the file", () =>
    inFolder(async (folder) => {
      const { network } = await randomTwin(5, architecture());
      const path = `${folder}/weights.safetensors`;
      await saveWeights(path, network);
      const before = await bits(network);
      const { tensors } = await readSafetensors(path);
      const load = (name: string) => () => loadWeights(`${folder}/${name}`, network);

      const { "features.8.running_var": _, ...fewer } = tensors;
      await writeSafetensors(`${folder}/fewer`, fewer);
      await refused(load("fewer"), /^\S+\/fewer: the tensor features\.8\.running_var is missing\.$/);

      const turned = { ...tensors["features.3.weight"], shape: [8, 3, 3, 8] };
      await writeSafetensors(`${folder}/turned`, { ...tensors, "features.3.weight": turned });
      await refused(load("turned"), /^\S+\/turned: features\.3\.weight is F32 \[8,3,3,8\], .* F32 \[8,8,3,3\]\.$/);

      const double = { dtype: "F64", shape: [3], data: new Float64Array(3) } as const;
      await writeSafetensors(`${folder}/double`, { ...tensors, "classifier.bias": double });
      await refused(load("double"), /^\S+\/double: classifier\.bias is F64 \[3\], .* F32 \[3\]\.$/);

      const bytes = await Deno.readFile(path);
      for (const length of [0, 7, 100, bytes.length - 1]) {
        await Deno.writeFile(`${folder}/short`, bytes.subarray(0, length));
        await refused(load("short"), /^\S+\/short is [^.]*\.$/);
      }
      await refused(load("nowhere"), /^\S+\/nowhere cannot be read: there is no such file or folder\.$/);
      // A refused file leaves the network as it was.
      assert.equal(await bits(network), before);
      network.free();
    }));
});
