/** The embedded set on disk: drawn photographs and their annotations as a tree in the ILSVRC DET layout. */
import { encode } from "jpeg-js";
import { Random } from "../../random.ts";
import { batches, runJobs } from "../pool.ts";
import { type Drawn, drawScene, HEIGHT, WIDTH } from "./scene.ts";
import { CLASSES } from "./shapes.ts";

export interface DrawSettings {
  seed: number;
  /** At least this many objects of every class are drawn, with some to spare for the split. */
  perClass: number;
}

const OBJECTS_PER_PHOTOGRAPH = 6;
const PHOTOGRAPHS_PER_FOLDER = 10_000;
const BATCH = 8;

/** Draws the whole tree below `root` in parallel; it is the same for every number of workers. */
export async function drawTree(
  root: string,
  settings: DrawSettings,
  workers: number,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const objects = CLASSES.length * (settings.perClass * 1.06 + 4);
  const total = Math.ceil(objects / OBJECTS_PER_PHOTOGRAPH);
  for (let first = 0; first < total; first += PHOTOGRAPHS_PER_FOLDER) {
    for (const part of ["Annotations", "Data"] as const) {
      await Deno.mkdir(`${root}/${folder(part, first)}`, { recursive: true });
    }
  }
  const groups = batches(Array.from({ length: total }, (_, index) => index), BATCH);
  const jobs = groups.map((photographs) => ({ kind: "draw" as const, root, settings, photographs }));
  let done = 0;
  await runJobs(jobs, workers, (_, job) => onProgress(done += groups[job].length, total));
}

/** Draws photograph `index` and writes its two files. */
export async function drawPhotograph(root: string, index: number, { seed }: DrawSettings): Promise<void> {
  const { rgba, objects } = drawScene(dealClasses(seed, index), seed, index);
  const quality = 82 + new Random(seed, "JPEG quality", index).integer(14);
  const jpeg = encode({ width: WIDTH, height: HEIGHT, data: rgba }, quality);
  const name = `ILSVRC2014_train_${String(index + 1).padStart(8, "0")}`;
  await Deno.writeFile(`${root}/${folder("Data", index)}/${name}.JPEG`, jpeg.data);
  await Deno.writeTextFile(`${root}/${folder("Annotations", index)}/${name}.xml`, annotation(name, index, objects));
}

/** The classes of one photograph's objects. All photographs together deal out one shuffled set of classes after another. */
function dealClasses(seed: number, index: number): string[] {
  return Array.from({ length: OBJECTS_PER_PHOTOGRAPH }, (_, object) => {
    const card = index * OBJECTS_PER_PHOTOGRAPH + object;
    const deck = new Random(seed, "deal classes", Math.floor(card / CLASSES.length)).permutation(CLASSES.length);
    return CLASSES[deck[card % CLASSES.length]];
  });
}

const part = (index: number): string =>
  `ILSVRC2014_train_${String(Math.floor(index / PHOTOGRAPHS_PER_FOLDER)).padStart(4, "0")}`;

const folder = (kind: "Annotations" | "Data", index: number): string => `ILSVRC/${kind}/DET/train/${part(index)}`;

function annotation(name: string, index: number, objects: Drawn[]): string {
  const object = ({ class: id, xmin, ymin, xmax, ymax }: Drawn) =>
    `\t<object>\n\t\t<name>${id}</name>\n\t\t<bndbox>\n\t\t\t<xmin>${xmin}</xmin>\n\t\t\t<xmax>${xmax}</xmax>\n` +
    `\t\t\t<ymin>${ymin}</ymin>\n\t\t\t<ymax>${ymax}</ymax>\n\t\t</bndbox>\n\t</object>\n`;
  return `<annotation>\n\t<folder>${part(index)}</folder>\n\t<filename>${name}</filename>\n` +
    `\t<source>\n\t\t<database>superpose drawn set</database>\n\t</source>\n` +
    `\t<size>\n\t\t<width>${WIDTH}</width>\n\t\t<height>${HEIGHT}</height>\n\t</size>\n` +
    `${objects.map(object).join("")}</annotation>\n`;
}
