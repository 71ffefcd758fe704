/** An assessment as a Markdown table with the rows and columns of the paper's Table II. */
import type { Assessment } from "./assess.ts";
import { type Proportion, wilson } from "./interval.ts";

/** Accuracies in per cent with their 95 % intervals; a dash where a set is empty. */
export function assessmentTable({ sets, networks }: Assessment): string {
  const header = ["Network", "Defence", "Train", "Validation"];
  for (const { members, epsilon, adversarial } of sets) {
    const name = `${members.length} member${members.length === 1 ? "" : "s"}, ε = ${epsilon}, n = ${adversarial}`;
    header.push(`True (${name})`, `Adv. (${name})`);
  }
  const rows = networks.map(({ run, defence, train, validation, cells }) => [
    run,
    defence,
    format(train),
    format(validation),
    ...cells.flatMap((cell) => [format(cell.true), format(cell.adversarial) + (cell.member ? " (member)" : "")]),
  ]);
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function format({ correct, count }: Proportion): string {
  if (count === 0) return "–";
  const { low, high } = wilson(correct, count);
  const percent = (fraction: number) => (fraction * 100).toFixed(1);
  return `${percent(correct / count)} % [${percent(low)}, ${percent(high)}]`;
}
