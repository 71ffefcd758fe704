import { decode } from "fast-png";
import * as assert from "uvu/assert";
import { renderReport, type ReportData } from "../../src/report/report.ts";
import { suite } from "../harness.ts";
import { sample } from "./sample.ts";
import { assertSound, visible } from "./sound.ts";

function empty(): ReportData {
  const lists = { examples: [], mixes: [], crops: [], curves: [], timings: [], settings: [] };
  return { ...sample(), ...lists, table2: { sets: [], rows: [] } };
}

suite("report", (test) => {
  test("holds every section, figure and table of the paper in one sound page", async () => {
    const page = await renderReport(sample());
    assertSound(page);
    const text = visible(page);
    for (const label of ["Fig. 1.", "Fig. 2.", "Fig. 3.", "Fig. 4.", "Table II.", "The paper’s Table II,"]) {
      assert.is(text.split(label + " ").length, 2, `${label} is there once`);
    }
    for (const [, id] of page.matchAll(/<a href="#([^"]*)"/g)) assert.ok(page.includes(`<section id="${id}"`), id);
    assert.is(page.match(/<svg/g)?.length, 2);
    for (const { group, entries } of sample().settings) {
      for (const part of [group, ...entries.flat()]) assert.ok(text.includes(part), part);
    }
  });

  test("each part names the commands that made it, and what was not looked for is left out", async () => {
    const text = visible(await renderReport(sample()));
    assert.ok(text.includes("Made with deno task attack --data pack --models base-1 --out set"));
    for (const title of ["What a defence costs", "Other architectures", "Transfer", "Fig. 5.", "Fig. 6."]) {
      assert.not(text.includes(title), title);
    }
  });

  test("every picture is described and carries its pixels", async () => {
    const data = sample();
    const page = await renderReport(data);
    const images = [
      ...page.matchAll(/<img src="data:image\/png;base64,([^"]*)" alt="([^"]+)" width="(\d+)" height="(\d+)">/g),
    ];
    assert.is(images.length, page.match(/<img/g)?.length);
    assert.is(images.length, 3 * data.examples.length + 3 * data.mixes.length + data.crops.length);
    const [first] = images;
    assert.is(first[2], "Original of class anchor");
    assert.equal([first[3], first[4]], ["128", "128"]);
    assert.equal(new Uint8Array(decode(Uint8Array.fromBase64(first[1])).data), data.examples[0].original.data);
  });

  test("numbers carry units, intervals and denominators", async () => {
    const text = visible(await renderReport(sample()));
    // 120 of 503, 0 of 377, and so on; test/assess/interval.test.ts holds the intervals against published ones.
    for (
      const shown of [
        "23.9 % 20.3–27.8 %",
        "0.0 % 0.0–1.0 %",
        "Train of 4,000",
        "Adv. of 377",
        "ε = 16/255",
        "> 99.9 %",
      ]
    ) assert.ok(text.includes(shown), shown);
    assert.ok(
      text.includes("One model 1 16/255 1,000 610 503 82.5 % 79.2–85.3 % 50.3 % 47.2–53.4 %"),
      "both denominators",
    );
    assert.ok(text.includes("shown × 7"), "the noise's amplification");
    assert.ok(text.includes("6 min 43 s 83.7 %"), "timings");
    assert.ok(text.includes("All steps 8 min 01 s 100.0 %"), "the sum of timings");
  });

  test("the best adversarial accuracy of each set stands out, ties together", async () => {
    const best = (page: string) =>
      [...page.matchAll(/ best"><span class="value" title="([^"]*)"/g)].map(([, title]) => title);
    const data = sample();
    assert.equal(best(await renderReport(data)), ["272 of 412", "362 of 503", "264 of 377"]);
    data.table2.rows[0].cells[2].adversarial.correct = 264;
    assert.equal(best(await renderReport(data)), ["264 of 377", "272 of 412", "362 of 503", "264 of 377"]);
  });

  test("says in brief who withstood the largest ensemble, and when that is not settled", async () => {
    const data = sample();
    const brief =
      /ensemble of 5 networks \(ε = 16\/255\), the least resilient network, Base model, sixth network ?, .*? 70\.0 %/;
    assert.match(visible(await renderReport(data)), brief);
    assert.not.match(visible(await renderReport(data)), /overlap, so this run/);
    for (const row of data.table2.rows) row.cells[2].adversarial = { correct: 10, count: 377 };
    data.table2.rows[1].cells[2].adversarial.correct = 11;
    assert.match(visible(await renderReport(data)), /intervals overlap, so this run alone does not settle/);
  });

  test("escapes every text it is given", async () => {
    const evil = `<b onclick="x">&'</b>`;
    const data = sample();
    Object.assign(data, { title: evil, command: evil, created: evil, adapter: evil });
    Object.assign(data.examples[0], { label: evil, model: evil, after: { label: evil, confidence: 0.5 } });
    Object.assign(data.mixes[0], { label: evil, partnerLabel: evil });
    data.crops[0].label = evil;
    for (const curve of data.curves) curve.name = evil;
    for (const row of data.table2.rows) Object.assign(row, { group: evil, name: evil });
    for (const set of data.table2.sets) set.name = evil;
    data.timings[0][0] = evil;
    data.settings[0] = { group: evil, entries: [[evil, evil]] };
    const page = await renderReport(data);
    assertSound(page);
    assert.not.ok(page.includes("<b onclick"), "no text becomes markup");
    assert.ok(page.includes("&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;&lt;/b&gt;"));
  });

  test("an empty set is a dash with a reason", async () => {
    const data = sample();
    data.table2.sets[2] = { ...data.table2.sets[2], adversarial: 0 };
    for (const row of data.table2.rows) {
      row.cells[2] = { true: { correct: 0, count: 0 }, adversarial: { correct: 0, count: 0 } };
    }
    const page = await renderReport(data);
    assertSound(page);
    assert.is(page.match(/title="none of 1,000 held-out images passed the filter">–/g)?.length, 8);
    assert.match(
      visible(page),
      /the set “Five models” is empty, because none of 1,000 held-out images passed the filter/,
    );
    assert.match(visible(page), /ensemble of 3 networks/, "the brief turns to the largest set that holds images");
  });

  test("with nothing to show, every section says why", async () => {
    const page = await renderReport(empty());
    assertSound(page);
    assert.is(page.match(/class="absent"/g)?.length, 7);
    const data = sample();
    for (const set of data.table2.sets) Object.assign(set, { candidates: 0, correct: 0, adversarial: 0 });
    for (const row of data.table2.rows) {
      row.cells = row.cells.map(() => ({ true: { correct: 0, count: 0 }, adversarial: { correct: 0, count: 0 } }));
    }
    assertSound(await renderReport(data));
  });

  test("the same data gives the same bytes, and leaves the data alone", async () => {
    const data = sample();
    const page = await renderReport(data);
    assert.is(await renderReport(data), page);
    assert.equal(data, sample());
  });

  test("refuses numbers that are none", async () => {
    const broken: ((data: ReportData) => void)[] = [
      (data) => data.timings[0][1] = NaN,
      (data) => data.curves[0].points[19].accuracy = NaN,
      (data) => data.examples[0].after.confidence = Infinity,
      (data) => data.table2.rows[0].cells[0].adversarial.correct = NaN,
      (data) => data.table2.sets[0].members = NaN,
      (data) => data.crops[0].picture.data = new Uint8Array(5),
    ];
    for (const [index, damage] of broken.entries()) {
      const data = sample();
      damage(data);
      const refused = await renderReport(data).then(() => false, (error: unknown) => error instanceof RangeError);
      assert.ok(refused, `damage ${index} is refused`);
    }
  });
});
