import * as assert from "uvu/assert";
import { design } from "../../src/bench/cases.ts";
import { measureGrowth } from "../../src/bench/steps/growth.ts";
import { faultsOf, measureSteps, type StepsResult, stepsText } from "../../src/bench/steps/steps.ts";
import { middle, takeTurns } from "../../src/bench/steps/turns.ts";
import { suite } from "../harness.ts";
import { engine } from "../ops/engine.ts";

const tiny = { arch: "vgg13", size: 32, width: 0.0625, batch: 4 } as const;

let measured: Promise<StepsResult> | null = null;
const result = () =>
  measured ??= (async () => {
    const device = await engine();
    const before = [device.gpu.allocatedBuffers, device.gpu.allocatedBytes];
    const found = await measureSteps(device, tiny, { clockwork: { rounds: 2, reading: 10 }, growthSteps: 100 });
    assert.equal([device.gpu.allocatedBuffers, device.gpu.allocatedBytes], before, "nothing is left on the device");
    return found;
  })();

suite("steps", (test) => {
  test("passes, memory and the host's share are those of the plans", async () => {
    const { defences, ensemble, host } = await result();
    const passes = defences.map(({ passes }) => [passes.forward, passes.backward]);
    assert.equal(passes, [[1, 1], [1, 1], [2, 2], [2, 2], [2, 1], [4, 4], [5, 5]]);
    for (const { name, memory } of [...defences, { name: "ensemble", ...ensemble }]) assert.ok(memory >= 1, name);
    for (const { low, median, high } of [host, ensemble.cost, ...defences.map(({ cost }) => cost)]) {
      assert.ok(0 < low && low <= median && median <= high);
    }
    assert.ok(host.high < 1);
  });

  test("activations in f16 take about half the memory, and the gradients are no others", async () => {
    const { halves } = await result();
    if (!(await engine()).gpu.halves) return assert.is(halves, null);
    const { cost, memory, difference } = halves!;
    assert.ok(0 < cost.low && cost.low <= cost.median && cost.median <= cost.high);
    assert.ok(memory > 0.5 && memory < 0.6, `${memory}`);
    assert.ok(difference > 0 && difference < 0.5, `${difference}`);
  });

  test("memory does not grow, and the fast ways compute what the safe ones do", async () => {
    const found = await result();
    assert.equal([found.growth.deviceBytes, found.growth.deviceBuffers], [0, 0]);
    assert.equal(found.safety.map(({ name }) => name), ["without bounds checks", "without subgroups"]);
    assert.is(found.safety[0].difference, 0);
    assert.equal(faultsOf(found), []);
    assert.ok(found.start.cold > 0 && found.start.warm > 0);
    assert.match(stepsText(found), /vat, 3 iterations +5, 5 /);
  });

  test("growth and other weights are told", async () => {
    const found = await result();
    const [, portable] = found.safety;
    const spoilt = {
      ...found,
      growth: { ...found.growth, deviceBytes: 64, deviceBuffers: 1 },
      safety: [{ ...portable, difference: NaN }, { ...portable, difference: 2 * portable.allowed }],
    };
    assert.is(faultsOf(spoilt).length, 3);
    assert.match(stepsText(spoilt), /100 steps left 64 bytes in 1 buffers/);
  });

  test("a leak is seen", async () => {
    const { gpu } = await engine();
    const leaked: GPUBuffer[] = [];
    const growth = await measureGrowth(
      await engine(),
      design(tiny),
      4,
      100,
      () => leaked.push(gpu.allocate("leak", 64)),
    );
    assert.equal([growth.deviceBytes, growth.deviceBuffers], [640, 10]);
    for (const buffer of leaked) gpu.free(buffer);
  });

  test("each is compared with the first of its own round", async () => {
    const clock = (times: number[]) => () => Promise.resolve(times.shift()!);
    const [twice, half] = await takeTurns([clock([1, 10, 100]), clock([2, 20, 300]), clock([0.5, 5, 40])], 3);
    assert.equal(twice, { median: 2, low: 2, high: 2 });
    assert.equal(half, { median: 0.5, low: 0.5, high: 0.5 });
    assert.equal(middle([9, 1, 8, 2, 7, 3, 6, 4, 5]), { median: 5, low: 2, high: 8 });
  });
});
