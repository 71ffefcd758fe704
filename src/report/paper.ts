/**
 * The paper's own results, to be shown beside ours. Source: Seiler, Trautmann and Kerschke, "Enhancing Resilience of Deep
 * Learning Networks By Means of Transferable Adversaries".
 */

/** Percentages of Table II in its columns' order: Train, Val., then True and Adv. for one, three and five models. */
export const TABLE_II: { group: string; rows: [name: string, ...percentages: number[]][] }[] = [
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
