/**
 * The table of tiles: for each pass and version the sizes of the tiles worth trying, the best guess first. The guess is
 * taken where the tuner (src/bench/tune) has nothing better. Tiles of one list add every sum up in the same order, so
 * that which of them is taken shows in the time alone.
 */
import type { Tile } from "../../tensor/graph.ts";
import type { Geometry } from "./geometry.ts";

export type Threads = [number, number, number];

/** Versions with tiles; what they are is told in kernels/conv2d/README.md. */
export type TiledVersion = "tiled" | "subgroup" | "workgroup";

/** @param spacing of the input's pixels; only `workgroup` can do another than 1 */
export function forwardTiles(version: TiledVersion, geometry: Geometry): Tile[] {
  if (version === "workgroup") return forwardWorkgroupTiles(geometry);
  return pixelTiles(version, geometry.outHeight, geometry.outWidth, geometry.outChannels, geometry);
}

export function forwardThreads(tile: Tile, { batch, outHeight, outWidth, outChannels }: Geometry): Threads {
  if (tile.pixelLanes) {
    const pixels = tile.pixelLanes * tile.lanePixels;
    const channels = tile.channelLanes * tile.laneChannels;
    return [64 * Math.ceil(outChannels / channels), Math.ceil(batch * outHeight * outWidth / pixels), 1];
  }
  return pixelThreads(tile, outChannels, outHeight, outWidth, batch);
}

/** Of the kernels that gather, which a stride of 2 needs without spacing. */
export function inputGradientTiles(version: "tiled" | "subgroup", geometry: Geometry): Tile[] {
  return pixelTiles(version, geometry.height, geometry.width, geometry.inChannels, geometry);
}

export function inputGradientThreads(tile: Tile, { batch, height, width, inChannels }: Geometry): Threads {
  return pixelThreads(tile, inChannels, height, width, batch);
}

/** 32 sums a thread at most; beyond that lavapipe's compiler no longer unrolls the loops over them. */
function pixelTiles(
  version: "tiled" | "subgroup",
  height: number,
  width: number,
  channels: number,
  { side, stride }: Geometry,
): Tile[] {
  if (version === "tiled") {
    const laneChannels = channels >= 32 ? 4 : channels >= 16 ? 2 : 1;
    const pixels = laneChannels === 4 ? 8 : 16;
    const tileColumns = width >= 4 ? 4 : 2;
    const tileRows = Math.min(pixels / tileColumns, height >= 4 && laneChannels < 4 ? 4 : 2);
    return [{ laneChannels, tileImages: pixels / (tileRows * tileColumns), tileRows, tileColumns }];
  }
  // Few channels: fewer per lane, so that all 8 lanes have work. Small maps: more images, so that no pixel is idle.
  const laneChannels = channels >= 16 ? 2 : 1;
  const tile = (tileImages: number, tileRows: number, tileColumns: number): Tile => ({
    laneChannels,
    tileImages,
    tileRows,
    tileColumns,
  });
  if (width < 4) return [tile(2, 2, 2), tile(4, 1, 2), tile(2, 2, 4)];
  const narrow = [tile(2, 2, 4), tile(1, 3, 4), tile(1, 2, 4)];
  // Lanes hand round 16 pixels of a row at most.
  const wide = width >= 8 && stride === 1 && side <= 5 ? [tile(1, 2, 8), tile(2, 1, 8)] : [];
  return laneChannels === 1 ? [...wide, ...narrow] : [...narrow, ...wide];
}

function pixelThreads(tile: Tile, channels: number, height: number, width: number, batch: number): Threads {
  const tiles = Math.ceil(height / tile.tileRows) * Math.ceil(width / tile.tileColumns);
  return [channels / tile.laneChannels, tiles, Math.ceil(batch / tile.tileImages)];
}

/** Pixels × channels of a workgroup of 64 lanes: wide for few channels, small where large ones would leave a GPU idle. */
function forwardWorkgroupTiles({ outChannels }: Geometry): Tile[] {
  const tile = (channelLanes: number, laneChannels: number, lanePixels: number): Tile => ({
    pixelLanes: 64 / channelLanes,
    lanePixels,
    channelLanes,
    laneChannels,
  });
  const [t64x64, t128x32, t128x16] = [tile(8, 8, 8), tile(4, 8, 8), tile(4, 4, 8)];
  const [t32x64, t32x32, t64x32] = [tile(16, 4, 8), tile(8, 4, 4), tile(8, 4, 8)];
  if (outChannels > 32) return [t64x64, t32x64, t64x32, t32x32];
  return outChannels > 16 ? [t64x32, t128x32, t32x32] : [t128x16, tile(4, 4, 4)];
}

export function weightGradientTiles(
  version: TiledVersion,
  { outWidth, outChannels, inChannels, side }: Geometry,
): Tile[] {
  if (version === "tiled") return [{ run: 2 }];
  if (version === "workgroup") return weightGradientWorkgroupTiles(outChannels, side * side * inChannels / 4);
  const run = outWidth >= 8 ? 4 : 2;
  const laneChannels = outChannels >= 16 ? 2 : 1;
  const quads = inChannels / 4;
  const tile = (run: number, threadQuads: number): Tile => ({ run, laneChannels, threadQuads });
  const tiles = [tile(run, Math.min(2, quads))];
  if (quads >= 3) tiles.push(tile(run, 3));
  if (outWidth >= 4) tiles.push(tile(6 - run, Math.min(2, quads)));
  return tiles;
}

function weightGradientWorkgroupTiles(outChannels: number, columns: number): Tile[] {
  const tile = (outLanes: number, laneOut: number, laneIn: number): Tile => ({
    outLanes,
    laneOut,
    inLanes: 64 / outLanes,
    laneIn,
    depth: outLanes * laneOut < 8 ? 16 : 8,
  });
  const tiles = outChannels > 32
    ? [tile(8, 2, 2), tile(8, 1, 2), tile(16, 1, 2)]
    : outChannels > 16
    ? [tile(4, 2, 2), tile(8, 1, 2), tile(4, 2, 1)]
    : [tile(4, 1, 2), tile(2, 2, 1), tile(4, 1, 1)];
  // A tile wider than all there is has lanes without work.
  return columns >= 8 ? tiles : tiles.map((tile) => ({ ...tile, laneIn: 1 })).slice(0, 1);
}

export function weightGradientThreads(
  tile: Tile,
  { outChannels, inChannels, side }: Geometry,
  splits: number,
): Threads {
  const quads = inChannels / 4;
  if (tile.outLanes) {
    const [tileOut, tileIn] = [tile.outLanes * tile.laneOut, tile.inLanes * tile.laneIn];
    return [64 * Math.ceil(outChannels / 4 / tileOut), Math.ceil(side * side * quads / tileIn), splits];
  }
  if (!tile.laneChannels) return [outChannels / 4, quads, side];
  return [outChannels / tile.laneChannels, Math.ceil(quads / tile.threadQuads), side];
}

/** Workgroups that keep a large GPU busy, and the fewest pixels worth a workgroup. */
const wantedGroups = 512;
const fewestPixels = 128;

/**
 * Into how many parts of how many pixels `workgroup` cuts the sum of a weight gradient. It depends on the shapes alone,
 * since another cut is another order of summation.
 */
export function weightGradientSplits(
  { batch, outHeight, outWidth, outChannels, inChannels, side }: Geometry,
): { splits: number; splitPixels: number } {
  const pixels = batch * outHeight * outWidth;
  const tiles = Math.ceil(outChannels / 64) * Math.ceil(side * side * inChannels / 64);
  const wanted = Math.min(Math.ceil(wantedGroups / tiles), Math.ceil(pixels / fewestPixels));
  const splitPixels = 8 * Math.ceil(pixels / wanted / 8);
  return { splits: Math.ceil(pixels / splitPixels), splitPixels };
}
