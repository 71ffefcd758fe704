import * as assert from "uvu/assert";
import { type RaysData, raysSection } from "../../src/report/rays.ts";
import { suite } from "../harness.ts";

/** Networks whose mean loss peaks at ε = 26, and whose accuracy falls to its least at ε = 30 and stays there. */
function sample(...names: string[]): RaysData {
  const epsilons = Array.from({ length: 33 }, (_, i) => 2 * i);
  const rays = names.map((name, n) => ({
    name,
    points: epsilons.map((epsilon) => {
      const mean = (n + 1) * (30 - Math.abs(epsilon - 26)) / 10 + 3;
      const quantiles = [0, mean / 2, mean, 2 * mean, 4 * mean] as [number, number, number, number, number];
      return { epsilon, mean, quantiles, correct: Math.max(4, 64 - 2 * epsilon) };
    }),
  }));
  return { images: 80, classes: 24, rays };
}

const visible = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\u202f|\u00a0/g, " ").replace(/\s+/g, " ");

suite("Fig. 6", (test) => {
  test("a panel for every network, on one scale, and one chart of all accuracies", async () => {
    const { text } = (await raysSection(sample("plain", "Mixup-KL (method 3), α ~ B(2, 4), λ = 10"))).body;
    assert.is(text.match(/<svg/g)?.length, 2);
    // Two bands, median and mean of each; a line of each in the other chart.
    assert.is(text.match(/class="mark-area/g)?.length, 4);
    assert.is(text.match(/class="mark-line/g)?.length, 4 + 2);
    assert.not.match(text, /NaN|undefined|Infinity/);
    for (const shown of ["80 held-out images", "ln 24 = 3.18", "loss, nats", "ε /255", "accuracy"]) {
      assert.ok(visible(text).includes(shown), shown);
    }
    const [losses] = text.split("</svg>");
    const ticks = [...losses.matchAll(/<text text-anchor="end"[^>]*>(\d+)<\/text>/g)].map(([, tick]) => Number(tick));
    assert.equal(ticks, [0, 1, 2, 5, 10, 20]);
  });

  test("the table names the ε of the highest mean loss and of the lowest accuracy", async () => {
    const text = visible((await raysSection(sample("plain"))).body.text);
    assert.ok(text.includes("plain 3.40 6.00 26/255 80.0 % 5.0 % 30/255"), text);
  });

  test("escapes names, says why there is nothing, and gives the same bytes for the same data", async () => {
    const evil = `<b onclick="x">&'</b>`;
    const { text } = (await raysSection(sample(evil, "plain"))).body;
    assert.not.ok(text.includes("<b onclick"));
    assert.ok(text.includes("&lt;b onclick="));
    for (const nothing of [sample(), { ...sample("plain"), rays: [{ name: "plain", points: [] }] }]) {
      assert.match((await raysSection(nothing)).body.text, /class="absent">No network’s loss/);
    }
  });

  test("refuses numbers that are none", async () => {
    const data = sample("plain");
    data.rays[0].points[3].mean = NaN;
    const refused = await raysSection(data).then(() => false, (error: unknown) => error instanceof RangeError);
    assert.ok(refused);
  });
});
