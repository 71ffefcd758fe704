/** The report of the main job: what was attacked, with what, and which networks withstood it. */
import { adversariesSection, type Example } from "./adversaries.ts";
import { restartNumbering } from "./charts.ts";
import { type Crop, cropsSection } from "./crops.ts";
import { type Curve, curvesSection } from "./curves.ts";
import { type Mixture, mixturesSection } from "./mixtures.ts";
import { page } from "./page.ts";
import { inBrief, type Resilience } from "./resilience.ts";
import { type SettingsGroup, settingsSection, timingsSection } from "./run.ts";
import { table2Section } from "./table2.ts";

/** Everything the report shows, as plain data. Any list may be empty: its section then says why. */
export interface ReportData {
  title: string;
  /** The command that made all of this. */
  command: string;
  /** When, as text. */
  created: string;
  /** The graphics adapter that all of it ran on. */
  adapter: string;
  /** Fig. 1. */
  examples: Example[];
  /** Fig. 2. */
  mixes: Mixture[];
  /** Fig. 3. */
  crops: Crop[];
  /** Fig. 4. */
  curves: Curve[];
  /** Table II. */
  table: Resilience;
  /** Wall-clock seconds of each step. */
  timings: [step: string, seconds: number][];
  settings: SettingsGroup[];
}

/**
 * The report as one HTML document that needs no network, no scripts and no other file.
 * Throws a RangeError if a number in it is not finite, a proportion is none, or a picture has the wrong number of bytes.
 */
export async function renderReport(data: ReportData): Promise<string> {
  restartNumbering();
  return await page(data, inBrief(data.table), [
    adversariesSection(data.examples),
    mixturesSection(data.mixes),
    cropsSection(data.crops),
    await curvesSection(data.curves),
    await table2Section(data.table),
    timingsSection(data.timings),
    settingsSection(data.settings),
  ]);
}
