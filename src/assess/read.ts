/** Assessments that were written to a file. */
import { z } from "zod";
import { manifestSchema } from "../attack/adversarial_set.ts";
import { readText } from "../data/files.ts";
import { UserError } from "../errors.ts";
import type { Assessment } from "./assess.ts";

const counts = z.array(z.number().int().nonnegative());
const proportion = z.object({ correct: z.number().int().nonnegative(), count: z.number().int().nonnegative() });

const assessmentSchema: z.ZodType<Assessment> = z.object({
  format: z.literal("superpose-assessment"),
  version: z.literal(2),
  sets: z.array(manifestSchema.extend({ path: z.string() })),
  networks: z.array(z.object({
    run: z.string(),
    arch: z.string(),
    defence: z.string(),
    hash: z.string(),
    train: proportion,
    validation: proportion,
    cells: z.array(z.object({
      member: z.boolean(),
      true: proportion,
      adversarial: proportion,
      perClass: z.object({ count: counts, true: counts, adversarial: counts }),
    })),
  })),
});

/** @throws UserError naming the file that is no assessment. */
export async function readAssessment(file: string): Promise<Assessment> {
  try {
    return assessmentSchema.parse(JSON.parse(await readText(file)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw new UserError(`${file} is no assessment.`);
    throw error;
  }
}
