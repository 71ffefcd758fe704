/** Table II: every network against every adversarial set, beside the paper's. */
import { markup } from "./markup.ts";
import type { Section } from "./page.ts";
import { TABLE_II } from "./paper.ts";
import type { Resilience } from "./resilience.ts";
import { resilienceSection } from "./resilience_section.ts";

const TABLE = {
  label: "Table II",
  caption:
    markup`Accuracy of each network on its original data and on the adversarial sets, each with how far to trust it
and the number of images it is a share of. The attack with an ensemble of one network is the iterative fast gradient sign method.`,
  paperCaption: "for comparison, not results of this run: VGGNet13, 128 × 128 pixels, 100 classes, ε = 16/255.",
  sets: ["One model", "Three models", "Five models"],
  rows: TABLE_II,
};

/** Table II of the paper: ensembles of one architecture, of growing size. */
export async function table2Section(data: Resilience): Promise<Section> {
  return await resilienceSection({ id: "resilience", title: "Resilience" }, TABLE, data);
}
