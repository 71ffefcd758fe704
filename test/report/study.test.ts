/** The sections of a whole study: Tables I and III, the transfer matrix, single classes. */
import * as assert from "uvu/assert";
import { classesSection } from "../../src/report/classes.ts";
import { matrixSection } from "../../src/report/matrix.ts";
import { restartNumbering } from "../../src/report/charts.ts";
import { page, type Section } from "../../src/report/page.ts";
import { inBrief } from "../../src/report/resilience.ts";
import { epochsUntil, table1Section } from "../../src/report/table1.ts";
import { table3Section } from "../../src/report/table3.ts";
import { suite } from "../harness.ts";
import { assertSound, visible } from "./sound.ts";
import { architectures, classResults, pace, transfer } from "./study_sample.ts";

const sample = () => ({ pace: pace(), table: architectures(), transfer: transfer(), classes: classResults(40) });
type Sample = ReturnType<typeof sample>;

async function render({ pace, table, transfer, classes }: Sample): Promise<string> {
  restartNumbering();
  const heading = { title: "A study", command: "test", created: "today", adapter: "none" };
  const sections = [
    table1Section(pace),
    await table3Section(table),
    await matrixSection(transfer),
    classesSection(classes),
  ];
  return await page(heading, inBrief(table), sections);
}

const text = ({ body }: Section) => visible(body.text);

/** What stands in the cells of the table row that begins with `title`. */
function cellsOf(page: string, title: string): string[] {
  const row = [...page.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) => row).find((row) =>
    visible(row).trimStart().startsWith(title)
  );
  assert.ok(row, `a row ${title}`);
  return [...row!.matchAll(/<td.*?<\/td>/gs)].map(([cell]) => visible(cell).trim());
}

suite("the study's sections", (test) => {
  test("make a sound page, the same bytes each time, and leave the data alone", async () => {
    const data = sample();
    const page = await render(data);
    assertSound(page);
    assert.is(await render(data), page);
    assert.equal(data, sample());
  });

  test("escape every text they are given", async () => {
    const evil = `<b onclick="x">&'</b>`;
    const data = sample();
    for (const row of data.pace.rows) row.title = evil;
    for (const row of data.table.rows) Object.assign(row, { group: evil, name: evil });
    for (const set of data.table.sets) set.name = evil;
    for (const set of [...data.transfer.sets, ...data.transfer.victims]) set.architecture = evil;
    for (const victim of data.transfer.victims) victim.kind = evil;
    data.classes.set = evil;
    data.classes.classes.fill(evil);
    for (const kind of data.classes.kinds) kind.title = evil;
    const page = await render(data);
    assertSound(page);
    assert.not.ok(page.includes("<b onclick"), "no text becomes markup");
    assert.ok(page.includes("&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;&lt;/b&gt;"));
  });

  test("say why, where there is nothing to show", async () => {
    const nothing: Sample = {
      pace: { thresholds: [], rows: [] },
      table: { sets: [], rows: [] },
      transfer: { sets: [], victims: [] },
      classes: { set: "nothing", classes: [], kinds: [] },
    };
    const page = await render(nothing);
    assertSound(page);
    assert.is(page.match(/class="absent"/g)?.length, 4);
    const kinds = [{ title: "Base", networks: [{ count: [0, 0], true: [0, 0], adversarial: [0, 0] }] }];
    const noImage = classesSection({ set: "an empty set", classes: ["ant", "bee"], kinds });
    assert.match(text(noImage), /The set of an empty set holds no image of any class\./);
  });

  test("refuse numbers that are none", async () => {
    const broken: ((data: Sample) => void)[] = [
      (data) => data.pace.rows[1].secondsPerEpoch = NaN,
      (data) => data.pace.rows[0].secondsPerEpoch = 0,
      (data) => data.pace.rows[4].best = NaN,
      (data) => data.table.rows[2].cells[0].adversarial.correct = NaN,
      (data) => data.transfer.victims[1].cells[0]!.adversarial.correct = NaN,
      (data) => data.transfer.sets[0].epsilon = NaN,
      (data) => data.classes.kinds[0].networks[0].adversarial[0] = NaN,
    ];
    for (const [index, damage] of broken.entries()) {
      const data = sample();
      damage(data);
      const refused = await render(data).then(() => false, (error: unknown) => error instanceof RangeError);
      assert.ok(refused, `damage ${index} is refused`);
    }
  });
});

suite("Table I", (test) => {
  test("times until an accuracy are epochs by the time of one", () => {
    const { body } = table1Section(pace());
    assert.equal(cellsOf(body.text, "Base"), [
      ...["1", "1", "70 s", "× 1.00", "80"],
      ...["4 min 42 s (4 epochs)", "10 min 34 s (9 epochs)", "19 min 57 s (17 epochs)"],
    ]);
    const never = "not reached";
    assert.equal(cellsOf(body.text, "PGD (I = 7)").slice(3), ["× 7.97", "10", never, never, never]);
    assert.is(body.text.match(/title="best: 48\.3\u202f%">not reached/g)?.length, 3);
    const paper = body.text.slice(body.text.indexOf("The paper"));
    assert.equal(cellsOf(paper, "PGD (I = 7)"), ["22 min 40 s", "× 3.37", "11 h 46 min", "15 h 56 min", "not reached"]);
  });

  test("without what a clock says, two reports are the same", () => {
    const timeless = (data: ReturnType<typeof pace>) =>
      table1Section(data).body.text.replace(/<span class="clock">[^<]*<\/span>/g, "");
    const slower = pace();
    for (const row of slower.rows) Object.assign(row, { secondsPerEpoch: 999, imagesPerSecond: 1 });
    assert.is.not(table1Section(slower).body.text, table1Section(pace()).body.text);
    assert.is(timeless(slower), timeless(pace()));
  });

  test("a threshold is reached by the first epoch that is there, if any", () => {
    assert.equal(epochsUntil([0.2, 0.5, 0.4, 0.6], [0.1, 0.5, 0.55, 0.7]), [1, 2, 4, null]);
    assert.equal(epochsUntil([], [0.5]), [null]);
  });
});

suite("several seeds", (test) => {
  test("share a line with their mean and standard deviation; one network keeps its interval", async () => {
    const { body } = await table3Section(architectures());
    assert.is(body.text.match(/mean of 3 seeds/g)?.length, 1);
    // 91.2, 92.4 and 90.1 %.
    assert.is(cellsOf(body.text, "VGGNet13 mean of 3 seeds")[0], "91.2 % ± 1.2 %");
    assert.match(body.text, /title="3 seeds: 3,648, 3,696, 3,604 of 4,000"/);
    assert.is(cellsOf(body.text, "ResNet32")[0], "89.4 % 88.4–90.3 %");
    assert.match(text(await table3Section(architectures())), /mean over that many networks/);
    const alone = architectures();
    alone.rows.splice(2, 2);
    assert.not.match(text(await table3Section(alone)), /seeds/);
  });

  test("compete with their mean", async () => {
    const best = async (data: ReturnType<typeof architectures>) =>
      [...(await table3Section(data)).body.text.matchAll(/ best"><span class="value" title="([^"]*)"/g)]
        .map(([, title]) => title);
    const data = architectures();
    assert.equal(await best(data), ["280 of 402", "286 of 351", "256 of 377", "120 of 266"], "row by row");
    for (const [row, correct] of [[0, 300], [2, 340], [3, 200]]) data.rows[row].cells[0].adversarial.correct = correct;
    assert.is((await best(data))[0], "3 seeds: 300, 340, 200 of 377");
    // Their mean, (300 + 340 + 100) / 3, is below 256 while two of them are not.
    data.rows[3].cells[0].adversarial.correct = 100;
    assert.is((await best(data))[2], "256 of 377");
  });

  test("are named in brief", () => {
    const brief = visible(inBrief(architectures()).text);
    assert.match(brief, /network, Base model, VGGNet13 ?, still classifies 1\.\d % \(mean of 3 seeds, ± \d\.\d %\)/);
    assert.not.match(brief, /overlap/);
  });

  test("the paper's numbers keep their decimals", async () => {
    const { body } = await table3Section(architectures());
    const paper = body.text.slice(body.text.indexOf("The paper’s Table III"));
    assert.equal(cellsOf(paper, "VGGNet13").slice(-2), ["98.4 %", "0.01 %"]);
  });
});

suite("transfer matrix", (test) => {
  const set = { filter: "correct-then-wrong", candidates: 50, correct: 40, adversarial: 20 } as const;
  const cell = (adversarial: number) => ({
    true: { correct: 19, count: 20 },
    adversarial: { correct: adversarial, count: 20 },
  });
  const small = () => ({
    sets: [{ ...set, architecture: "vgg", members: 1, epsilon: 8 }, {
      ...set,
      architecture: "vgg",
      members: 1,
      epsilon: 16,
      adversarial: 30,
    }],
    victims: [
      { kind: "base", architecture: "vgg", cells: [cell(2), cell(1)] },
      { kind: "base", architecture: "vgg", cells: [cell(6), null] },
      { kind: "base", architecture: "res", cells: [cell(10), null] },
    ],
  });

  test("has the mean over seeds, its spread and colour; members are left out", async () => {
    const { body } = await matrixSection(small());
    const [first, second] = ["8/255", "16/255"].map((epsilon) =>
      body.text.slice(body.text.indexOf(`>ε = ${epsilon}.`))
    );
    assert.equal(cellsOf(first, "base"), ["20.0 % ± 14.1 %"]);
    assert.match(first, /style="--heat:0\.2"><span title="Adv\. 20\.0.% \(2 seeds: 2, 6 of 20\), True 95\.0.%"/);
    assert.equal(cellsOf(second, "base"), ["5.0 %"]);
    assert.match(second, /title="every such network was in the ensemble">–/);
    assert.equal(cellsOf(body.text, "vgg × 1").map((cell) => cell.slice(0, 6)), ["50.0 %", "75.0 %"]);
    assert.match(text(await matrixSection(small())), /the mean over up to 2 networks/);
  });

  test("draws a panel for each largest ensemble, and none for a single ε", async () => {
    const { body } = await matrixSection(transfer());
    const described = body.text.match(/aria-label="Line charts[^"]*"/)![0];
    for (const panel of ["VGGNet13 × 5", "ResNet32 × 5", "ResNet50 × 5", "Combined × 9"]) {
      assert.ok(described.includes(`from ${panel},`), panel);
    }
    assert.not.match(described, /× [13],/);
    const one = small();
    one.sets = one.sets.slice(0, 1);
    for (const victim of one.victims) victim.cells = victim.cells.slice(0, 1);
    const { body: alone } = await matrixSection(one);
    assert.not.match(alone.text, /<svg/);
    assert.match(alone.text, /one ε only/);
  });

  test("an empty set is a dash with a reason", async () => {
    const { body } = await matrixSection(transfer());
    const shown = body.text.match(/title="none of 1,000 held-out images passed the filter">–/g);
    assert.is(shown?.length, 9, "a cell for each kind and architecture");
  });
});

suite("class by class", (test) => {
  const results = () => ({
    set: "a set",
    classes: ["ant", "bee", "cat", "dog"],
    kinds: [
      { title: "base", networks: [{ count: [4, 2, 0, 4], true: [4, 2, 0, 3], adversarial: [2, 0, 0, 2] }] },
      {
        title: "ours",
        networks: [[3, 1, 0, 4], [4, 2, 0, 4]].map((adversarial) => ({
          count: [4, 2, 0, 4],
          true: [4, 2, 0, 4],
          adversarial,
        })),
      },
    ],
  });

  test("orders by the base's weakness, counts seeds together and leaves out what the set lacks", () => {
    const { body } = classesSection(results());
    const order = [...body.text.matchAll(/<th scope="row">([^<]*)</g)].map(([, name]) => name);
    assert.equal(order, ["bee", "ant", "dog"]);
    assert.equal(cellsOf(body.text, "ant"), ["4", "50.0 % 100.0 %", "87.5 % 100.0 %"]);
    assert.match(body.text, /--heat:0\.875"><span title="Adv\. 7 of 8, True 8 of 8"/);
  });

  test("a long list shows its ends first", () => {
    const { body } = classesSection(classResults(100));
    const [short, long] = body.text.split("<details>");
    assert.is(short.match(/<th scope="row">/g)?.length, 20);
    assert.is(long.match(/<th scope="row">/g)?.length, 99);
    assert.match(visible(long), /All 99 classes/);
    assert.not.match(classesSection(classResults(30)).body.text, /<details>/);
  });
});
