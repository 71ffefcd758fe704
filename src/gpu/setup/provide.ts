/** Provides an adapter where there is none: what is tried, in which order, and what is said if all fails. */
import { UserError } from "../../errors.ts";
import { driverChosenByUser } from "../driver.ts";
import { installMesa, type Say, sh } from "./apt.ts";
import { findAdapter } from "./probe.ts";
import { alone, removeDriver, unpackable, unpackDriver } from "./unpack.ts";

/** A way to get a driver onto the machine; it throws where it is not open here. */
export type Attempt = (say: Say) => Promise<void>;

/** The ways open on a machine, best first: none without apt, and only root can install. */
export function attempts(apt: boolean, root: boolean): Attempt[] {
  if (!apt) return [];
  const unpack = unpackable.map((_, kind): Attempt => (say) => unpackDriver(kind, say));
  const install: Attempt = (say) => {
    say("installing Mesa's software Vulkan driver with apt-get");
    return installMesa(say);
  };
  return root ? [install, ...unpack] : unpack;
}

/** The sentence for somebody whose machine cannot be helped, naming what to install. */
export function advice(os: string, chosen?: string): string {
  if (chosen) return `No graphics adapter was found with the driver that ${chosen} names: correct or unset it.`;
  if (os !== "linux") {
    return "No graphics adapter was found: update the system's graphics driver (it must support WebGPU through " +
      `${os === "darwin" ? "Metal" : "Direct3D 12"}).`;
  }
  return "No graphics adapter was found: install a Vulkan driver and loader (Debian, Ubuntu: mesa-vulkan-drivers, 23 or " +
    "newer, and libvulkan1; Fedora: mesa-vulkan-drivers and vulkan-loader; Arch: vulkan-swrast and vulkan-icd-loader).";
}

/** Tries the ways in turn until `find` finds an adapter; returns its name, or undefined where none helped. */
export async function firstThatHelps(
  ways: Attempt[],
  find: () => Promise<string | undefined>,
  say: Say,
): Promise<string | undefined> {
  for (const way of ways) {
    try {
      await way(say);
    } catch (error) {
      say(`that did not work: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    const adapter = await find();
    if (adapter) return adapter;
    say("that driver gives no adapter on this machine");
  }
  return undefined;
}

/**
 * Makes sure that Dawn finds an adapter, and leaves a machine alone that has one. Throws a UserError that says what to
 * install where nothing helps.
 */
export async function provideAdapter(say: Say): Promise<void> {
  if (await findAdapter()) return;
  const { os } = Deno.build;
  const chosen = driverChosenByUser((name) => Deno.env.get(name));
  if (chosen) throw new UserError(advice(os, chosen));
  const apt = os === "linux" && (await sh("apt-get", ["--version"])).success;
  const ways = attempts(apt, os === "linux" && Deno.uid() === 0);
  await alone(async () => {
    if (await findAdapter()) return; // another set-up has just been here
    if (await removeDriver() && await findAdapter()) return; // one that no longer works hid the machine's own
    if (ways.length > 0) say("no graphics adapter found");
    const adapter = await firstThatHelps(ways, findAdapter, say);
    if (!adapter) {
      await removeDriver();
      throw new UserError(advice(os));
    }
    say(`found ${adapter}`);
  });
}
