/** Table III: whether adversaries carry over to other architectures, beside the paper's. */
import { markup } from "./markup.ts";
import type { Section } from "./page.ts";
import { TABLE_III } from "./paper.ts";
import type { Resilience } from "./resilience.ts";
import { resilienceSection } from "./resilience_section.ts";

const TABLE = {
  label: "Table III",
  caption:
    markup`Accuracy of each network on its original data and on adversarial sets made from other architectures than its own
as well as from its own, each with how far to trust it and the number of images it is a share of.`,
  paperCaption:
    "for comparison, not results of this run: 128 × 128 pixels, 100 classes, ε = 16/255, five models a set; " +
    "the combined set is of three models of each architecture.",
  sets: ["VGGNet13", "ResNet32", "ResNet50", "Combined"],
  rows: TABLE_III,
};

/** Table III of the paper: ensembles of several architectures against networks of each, unprotected and defended. */
export async function table3Section(data: Resilience): Promise<Section> {
  return await resilienceSection({ id: "architectures", title: "Other architectures" }, TABLE, data);
}
