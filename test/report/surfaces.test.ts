import { decode } from "fast-png";
import * as assert from "uvu/assert";
import { type SurfacesData, surfacesSection } from "../../src/report/surfaces.ts";
import { suite } from "../harness.ts";
import { disc } from "./sample.ts";

/** A plane of 5 × 3 points whose loss is `height` at its right upper corner, and wrong to the right of the middle. */
function sample(...heights: number[]): SurfacesData {
  const [first, second] = [[-4, -2, 0, 2, 4], [-2, 0, 2]];
  return {
    reference: "base network 1",
    label: "anchor",
    original: disc(1),
    first,
    second,
    panels: heights.map((height, i) => ({
      name: `network ${i + 1}`,
      losses: second.flatMap((_, row) => first.map((_, column) => height * (row * 5 + column) / 14)),
      correct: second.flatMap(() => first.map((e) => e <= 0)),
    })),
  };
}

/** The pixels of a panel, row by row from the top, as text. */
function pixels(html: string): string[][] {
  return [...html.matchAll(/<image href="data:image\/png;base64,([^"]*)"/g)].map(([, base64]) => {
    const { width, height, data } = decode(Uint8Array.fromBase64(base64));
    assert.equal([width, height], [5, 3]);
    return Array.from({ length: 15 }, (_, i) => data.slice(3 * i, 3 * i + 3).join());
  });
}

suite("Fig. 5", (test) => {
  test("every panel is a picture of its losses, the second axis upwards, in colours that all panels share", () => {
    const [steep, flat] = pixels(surfacesSection(sample(8, 4)).body.text);
    const [dark, bright] = ["68,1,84", "253,231,37"];
    assert.equal([steep[10], steep[4]], [dark, bright], "lowest at the bottom left, highest at the top right");
    assert.is(new Set(steep).size, 15);
    assert.is(flat[10], dark);
    assert.is(flat[4], steep[7], "half as high is the colour of the middle");
  });

  test("the ring is the image, the cross the highest loss, the line the border of the class", () => {
    const { text } = surfacesSection(sample(8)).body;
    // 48 pixels to a point: (0, 0) is the third column of the second row.
    assert.ok(text.includes('<circle class="mark" cx="166" cy="78"'));
    assert.ok(text.includes('<path class="mark" d="M262 30m'));
    assert.ok(text.includes('<path class="border" d="M190 150V102M190 102V54M190 54V6"/>'));
    assert.ok(text.includes("loss 0.0 to 8.0, highest at (4, 2)"));
    for (const e of ["−4", "−2", "0", "2", "4"]) assert.ok(text.includes(`>${e}</text>`), `${e} on an axis`);
  });

  test("escapes every text, says why there is nothing, and refuses numbers that are none", () => {
    const evil = `<b onclick="x">&'</b>`;
    const data = sample(1);
    Object.assign(data, { reference: evil, label: evil });
    data.panels[0].name = evil;
    const { text } = surfacesSection(data).body;
    assert.not.ok(text.includes("<b onclick"));
    assert.ok(text.includes("&lt;b onclick="));
    assert.match(surfacesSection(sample()).body.text, /class="absent">No network’s loss/);
    assert.not.match(surfacesSection(sample(0)).body.text, /NaN|undefined|Infinity/);
    for (const losses of [[NaN], [1, 2]]) {
      const broken = sample(1);
      broken.panels[0].losses.splice(0, 1, ...losses);
      assert.throws(() => surfacesSection(broken), /network 1: a surface needs 15 finite losses/);
    }
  });
});
