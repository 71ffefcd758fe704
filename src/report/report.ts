/** The report: the paper's figures and tables, ours beside its own, and how they came about. */
import { adversariesSection, type Example } from "./adversaries.ts";
import { restartNumbering } from "./charts.ts";
import { classesSection, type ClassResults } from "./classes.ts";
import { type Crop, cropsSection } from "./crops.ts";
import { type Curve, curvesSection } from "./curves.ts";
import { matrixSection } from "./matrix.ts";
import { type Mixture, mixturesSection } from "./mixtures.ts";
import { page, type Section } from "./page.ts";
import { type RaysData, raysSection } from "./rays.ts";
import { inBrief, type Resilience } from "./resilience.ts";
import { type SettingsGroup, settingsSection, timingsSection } from "./run.ts";
import { type SurfacesData, surfacesSection } from "./surfaces.ts";
import { type PaceTable, table1Section } from "./table1.ts";
import { table2Section } from "./table2.ts";
import { table3Section } from "./table3.ts";
import type { Transfer } from "./transfer.ts";

/** What the paper shows, as plain data. Any list may be empty: its section then says why. */
export interface Findings {
  /** Fig. 1. */
  examples: Example[];
  /** Fig. 2. */
  mixes: Mixture[];
  /** Fig. 3. */
  crops: Crop[];
  /** Table I. What is null was not looked for: there is no section then. */
  pace: PaceTable | null;
  /** Fig. 4. */
  curves: Curve[];
  table2: Resilience;
  table3: Resilience | null;
  /** Beyond the paper: every set against every network, and accuracy by class. */
  transfer: Transfer | null;
  classes: ClassResults | null;
  /** Fig. 5. */
  surfaces: SurfacesData | null;
  /** Fig. 6. */
  rays: RaysData | null;
}

export interface ReportData extends Findings {
  title: string;
  /** The command that made all of this. */
  command: string;
  /** When, as text. */
  created: string;
  /** The graphics adapter that all of it ran on. */
  adapter: string;
  /** Wall-clock seconds of each step. */
  timings: [step: string, seconds: number][];
  settings: SettingsGroup[];
  /** The commands that made each part by itself. */
  commands: Record<keyof Findings, string[]>;
}

/**
 * The report as one HTML document that needs no network, no scripts and no other file.
 * Throws a RangeError if a number in it is not finite, a proportion is none, or a picture has the wrong number of bytes.
 */
export async function renderReport(data: ReportData): Promise<string> {
  restartNumbering();
  const { pace, table3, transfer, classes, surfaces, rays, commands } = data;
  const sections: [keyof Findings, Section | null][] = [
    ["examples", adversariesSection(data.examples)],
    ["mixes", mixturesSection(data.mixes)],
    ["crops", cropsSection(data.crops)],
    ["pace", pace && table1Section(pace)],
    ["curves", await curvesSection(data.curves)],
    ["table2", await table2Section(data.table2)],
    ["table3", table3 && await table3Section(table3)],
    ["transfer", transfer && await matrixSection(transfer)],
    ["classes", classes && classesSection(classes)],
    ["surfaces", surfaces && surfacesSection(surfaces)],
    ["rays", rays && await raysSection(rays)],
  ];
  return await page(data, inBrief(data.table2), [
    ...sections.flatMap(([part, section]) => section ? [{ ...section, commands: commands[part] }] : []),
    timingsSection(data.timings),
    settingsSection(data.settings),
  ]);
}
