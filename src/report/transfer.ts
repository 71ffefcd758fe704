/** Networks of several architectures against sets of several ensembles and ε: the model behind the transfer matrix. */
import type { Proportion } from "../assess/interval.ts";
import type { SetOrigin } from "./resilience.ts";

/** An adversarial set, told apart by architecture, members and ε. */
export interface TransferSet extends SetOrigin {
  /** Of the ensemble's networks: "VGGNet13", "combined". */
  architecture: string;
}

/** A network's accuracy on a set's originals and on its adversaries. */
export interface AssessedCell {
  true: Proportion;
  adversarial: Proportion;
}

/** One network. Those of one kind and architecture differ in their seed only. */
export interface Victim {
  kind: string;
  architecture: string;
  /** One per set, in the sets' order; null where the network was in the ensemble, which says nothing about transfer. */
  cells: (AssessedCell | null)[];
}

export interface Transfer {
  sets: TransferSet[];
  victims: Victim[];
}

/** Networks that differ in their seed only. */
export interface VictimGroup {
  kind: string;
  architecture: string;
  networks: Victim[];
}

/** The victims of each kind and architecture, in the order of their first ones. */
export function groupsOf(victims: readonly Victim[]): VictimGroup[] {
  const groups = Map.groupBy(victims, ({ kind, architecture }) => JSON.stringify([kind, architecture]));
  return [...groups.values()].map((networks) => ({
    kind: networks[0].kind,
    architecture: networks[0].architecture,
    networks,
  }));
}

/** What a group's networks make of a set; without those that were in its ensemble. */
export function cellsOf({ networks }: VictimGroup, index: number): AssessedCell[] {
  return networks.flatMap(({ cells }) => cells[index] ?? []);
}
