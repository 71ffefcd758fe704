/** What a study is: which networks are trained, with which ensembles they are attacked, what is shown. */
import { z } from "zod";
import { CLASSES } from "../data/drawn/shapes.ts";
import { readText } from "../data/files.ts";
import { UserError } from "../errors.ts";
import { architectureSchema } from "../nn/network.ts";
import { defenceSchema, type DefenceSettings } from "../train/settings.ts";
import { presets } from "./presets.ts";

const positive = z.number().int().min(1);
const word = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "must be of lower-case letters, digits, dots and dashes");
const { arch, width } = architectureSchema.shape;

export const studySchema = z.strictObject({
  /** The data set that is drawn where no pack is given; null: a pack must be given. */
  drawn: z.strictObject({
    size: z.number().int().min(32),
    classes: z.number().int().min(2).max(CLASSES.length),
    perClass: positive,
  }).nullable(),
  training: z.strictObject({ epochs: positive, batch: z.number().int().min(2), learningRate: z.number().gt(0) }),
  /** Defences by the name of their kind; `base` is the kind without one. */
  defences: z.record(word, defenceSchema),
  /** Each with the kinds that are trained besides the base; the first is that of Table II and the figures. */
  architectures: z.array(z.strictObject({ arch, width, defences: z.array(word) })).min(1),
  /** Sizes of the ensembles of one architecture; their members are its first unprotected networks. */
  ensembles: z.array(positive).min(1),
  /** Networks of each architecture in the combined ensemble; 0: there is none. */
  combined: z.number().int().min(0),
  /** Networks of each kind that are in no ensemble. */
  victims: positive,
  epsilons: z.array(z.number().gt(0).max(255)).min(1),
  /** Of the first network of each architecture; the next ones count on. */
  seed: z.number().int().min(0),
  /** Kinds shown in Fig. 5 and Fig. 6. */
  surfaces: z.array(word),
  rays: z.array(word),
  /** Kinds timed for Table I, and the validation accuracies whose time is looked for; no kinds: no table. */
  pace: z.array(word),
  thresholds: z.array(z.number().gt(0).lt(1)),
});
export type Study = z.infer<typeof studySchema>;

/** The kind of network without a defence. */
export const base = "base";

export function defenceOf({ defences }: Study, kind: string): DefenceSettings {
  return kind === base ? { name: "none" } : defences[kind];
}

/**
 * A preset's settings, with those of a JSON file in place of its own where there is one.
 * @throws UserError naming the file and the setting that is wrong.
 */
export async function readStudy(preset: keyof typeof presets, file?: string): Promise<Study> {
  if (file === undefined) return check(presets[preset], `preset ${preset}`);
  let own: unknown;
  try {
    own = JSON.parse(await readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`--settings ${file} is not valid JSON.`);
    throw error;
  }
  if (typeof own !== "object" || own === null || Array.isArray(own)) {
    throw new UserError(`--settings ${file} must hold one JSON object.`);
  }
  return check({ ...presets[preset], ...own }, `--settings ${file}`);
}

/** Checks the shape, and that every kind that is named is there. */
function check(settings: unknown, where: string): Study {
  const parsed = studySchema.safeParse(settings);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new UserError(`${where}: ${[...path, message].join(": ")}.`);
  }
  const study = parsed.data;
  const refuse = (key: string, problem: string) => {
    throw new UserError(`${where}: ${key}: ${problem}.`);
  };
  if (base in study.defences) refuse("defences", `${base} is the kind without a defence`);
  study.architectures.forEach(({ arch, defences }, i) => {
    if (study.architectures.findIndex((other) => other.arch === arch) < i) {
      refuse("architectures", `${arch} is there twice`);
    }
    for (const kind of defences) {
      if (!(kind in study.defences)) refuse(`architectures: ${arch}`, `there is no defence ${kind}`);
    }
  });
  const shown = [base, ...study.architectures[0].defences];
  for (const key of ["surfaces", "rays", "pace"] as const) {
    for (const kind of study[key]) if (!shown.includes(kind)) refuse(key, `the first architecture has no ${kind}`);
  }
  return study;
}
