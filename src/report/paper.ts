/**
 * The paper's own results, to be shown beside ours. Source: Seiler, Trautmann and Kerschke, "Enhancing Resilience of Deep
 * Learning Networks By Means of Transferable Adversaries".
 */

/** Table I: median seconds per epoch, and hours and minutes until 50, 60 and 70 % validation accuracy; null: never. */
export const TABLE_I: [model: string, epoch: number, ...until: (number | null)[]][] = [
  ["Base", time(0, 6, 43), time(0, 59), time(2, 15), time(3, 17)],
  ["α = 0.4", time(0, 6, 55), time(2, 18), time(3, 14), null],
  ["α ~ B(2, 4)", time(0, 6, 51), time(1, 1), time(1, 42), time(2, 44)],
  ["VAT (ε = 15)", time(0, 14, 45), time(2, 12), time(3, 55), time(8, 5)],
  ["PGD (I = 7)", time(0, 22, 40), time(11, 46), time(15, 56), null],
  ["PGD (I = 3)", time(0, 11, 37), time(3, 53), time(7, 45), null],
];

function time(hours: number, minutes: number, seconds = 0): number {
  return hours * 3600 + minutes * 60 + seconds;
}

/** Rows of percentages under headings, in their table's order of columns. */
export type PaperRows = { group: string; rows: [name: string, ...percentages: number[]][] }[];

/** Percentages of Table II in its columns' order: Train, Val., then True and Adv. for one, three and five models. */
export const TABLE_II: PaperRows = [
  { group: "Base model", rows: [["VGGNet13", 91.2, 73.4, 89.9, 23.8, 95.3, 4.1, 96.7, 0.9]] },
  {
    group: "PGD, ε = 8, λ = 2",
    rows: [
      ["I = 3", 86.7, 66.2, 79.6, 79.0, 84.6, 83.6, 86.6, 86.5],
      ["I = 7", 77.8, 62.4, 75.6, 75.1, 80.7, 80.0, 82.8, 81.8],
    ],
  },
  {
    group: "VAT, I = 3, λ = 1",
    rows: [
      ["ε = 5", 97.7, 76.2, 90.6, 85.1, 95.2, 87.2, 96.6, 86.9],
      ["ε = 15", 99.0, 74.6, 88.5, 86.0, 93.0, 86.0, 94.5, 90.3],
      ["ε = 25", 96.9, 76.5, 91.1, 83.1, 95.5, 82.8, 96.8, 80.2],
    ],
  },
  {
    group: "Mixup-KL, λ = 10 (the paper's method)",
    rows: [
      ["α ~ B(2, 4)", 90.6, 74.3, 88.8, 71.9, 93.5, 62.1, 95.1, 53.7],
      ["α ~ B(2, 6)", 84.7, 72.4, 87.1, 74.2, 91.8, 70.0, 93.7, 66.0],
      ["α ~ B(2, 10)", 86.9, 71.4, 85.8, 76.9, 90.4, 75.0, 92.4, 72.4],
    ],
  },
];

/** Percentages of Table III: Train, Val., then True and Adv. for VGGNet13, ResNet32, ResNet50 and all of them combined. */
export const TABLE_III: PaperRows = [
  {
    group: "Base models",
    rows: [
      ["VGGNet13", 91.2, 73.4, 96.7, 0.9, 96.2, 28.3, 96.9, 50.2, 98.4, 0.01],
      ["ResNet32", 89.4, 66.7, 87.9, 67.6, 95.5, 16.0, 95.3, 44.0, 96.1, 26.1],
      ["ResNet50", 87.5, 62.8, 84.1, 64.9, 92.2, 24.6, 94.7, 30.9, 94.5, 26.7],
    ],
  },
  {
    group: "Mixup-KL, α ~ B(2, 4), λ = 10 (the paper's method)",
    rows: [
      ["VGGNet13", 90.6, 74.3, 95.1, 53.7, 96.6, 69.6, 97.1, 81.5, 98.1, 32.4],
      ["ResNet32", 83.1, 59.8, 80.3, 67.8, 88.5, 38.5, 89.5, 56.9, 90.2, 45.1],
      ["ResNet50", 80.4, 62.4, 83.8, 70.3, 91.6, 44.1, 92.9, 56.4, 93.6, 46.9],
    ],
  },
];
