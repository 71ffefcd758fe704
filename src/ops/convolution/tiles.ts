/**
 * The table of tiles: for each pass and version the sizes of the tiles worth trying, the best guess first. The guess is
 * taken where the tuner (src/bench/tune) has nothing better. Tiles of one list add every sum up in the same order, so
 * that which of them is taken shows in the time alone.
 */
import type { Gpu } from "../../gpu/device.ts";
import type { Tile } from "../../tensor/graph.ts";
import type { Geometry } from "./geometry.ts";
import { matrixLanes, matrixTiles } from "./matrices.ts";

export type Threads = [number, number, number];

/** Versions with tiles; what they are is told in kernels/conv2d/README.md. */
export type TiledVersion = "tiled" | "subgroup" | "workgroup" | "matrix";

/** @param spacing of the input's pixels; `tiled` can do no other than 1 */
export function forwardTiles(gpu: Gpu, version: TiledVersion, geometry: Geometry, spacing: number): Tile[] {
  if (version === "matrix") return matrixTiles(gpu, pixelsOf(geometry), geometry.outChannels);
  if (version === "workgroup") return forwardWorkgroupTiles(gpu, geometry);
  if (version === "subgroup") return stripTiles(geometry, spacing);
  return pixelTiles(geometry.outHeight, geometry.outWidth, geometry.outChannels);
}

const pixelsOf = ({ batch, outHeight, outWidth }: Geometry) => batch * outHeight * outWidth;

/** As many as kernels/conv2d/forward_workgroup.wgsl counts along y before it goes on along z. */
const tilesAlongY = 32768;

export function forwardThreads(tile: Tile, geometry: Geometry, splits: number): Threads {
  const { batch, outHeight, outWidth, outChannels } = geometry;
  const product = productOf(tile);
  if (product) {
    const tiles = Math.ceil(pixelsOf(geometry) / product.rows);
    const across = Math.ceil(outChannels / product.columns);
    return [product.lanes * across * splits, Math.min(tiles, tilesAlongY), Math.ceil(tiles / tilesAlongY)];
  }
  if (tile.stripColumns) {
    const strips = outHeight * Math.ceil(outWidth / tile.stripColumns);
    return [outChannels / tile.laneChannels, strips, Math.ceil(batch / tile.stripImages)];
  }
  return pixelThreads(tile, outChannels, outHeight, outWidth, batch);
}

/** Pixels × channels of a tile of `workgroup` or `matrix`, and the lanes of its workgroup. */
function productOf(tile: Tile): Record<"rows" | "columns" | "lanes", number> | null {
  if (tile.productRows) return { rows: tile.productRows, columns: tile.productColumns, lanes: matrixLanes };
  if (!tile.pixelLanes) return null;
  return { rows: tile.pixelLanes * tile.lanePixels, columns: tile.channelLanes * tile.laneChannels, lanes: 64 };
}

/** Of the kernel that gathers, which a stride of 2 needs without spacing. */
export function inputGradientTiles({ height, width, inChannels }: Geometry): Tile[] {
  return pixelTiles(height, width, inChannels);
}

export function inputGradientThreads(tile: Tile, { batch, height, width, inChannels }: Geometry): Threads {
  return pixelThreads(tile, inChannels, height, width, batch);
}

/** Sums in a thread's registers at most; beyond that lavapipe's compiler no longer unrolls the loops over them. */
const mostSums = 32;

function pixelTiles(height: number, width: number, channels: number): Tile[] {
  const laneChannels = channels >= 32 ? 4 : channels >= 16 ? 2 : 1;
  const pixels = laneChannels === 4 ? 8 : 16;
  const tileColumns = width >= 4 ? 4 : 2;
  const tileRows = Math.min(pixels / tileColumns, height >= 4 && laneChannels < 4 ? 4 : 2);
  return [{ laneChannels, tileImages: pixels / (tileRows * tileColumns), tileRows, tileColumns }];
}

function pixelThreads(tile: Tile, channels: number, height: number, width: number, batch: number): Threads {
  const tiles = Math.ceil(height / tile.tileRows) * Math.ceil(width / tile.tileColumns);
  return [channels / tile.laneChannels, tiles, Math.ceil(batch / tile.tileImages)];
}

/** Whole rows of several images, side by side, where they fit; else parts of one. All strips about as long. */
function stripTiles({ batch, width, outWidth, outChannels, side, stride }: Geometry, spacing: number): Tile[] {
  // Pixels of x that lanes can hand round: five times eight.
  const mostLoaded = 40;
  const tile = (laneChannels: number): Tile => {
    const mostPixels = mostSums / laneChannels;
    const images = Math.min(Math.floor(mostPixels / outWidth), Math.floor(mostLoaded / width), batch);
    if (images > 0) {
      return { laneChannels, stripImages: evenly(batch, images), stripColumns: outWidth, rowWidth: width };
    }
    const columns = evenly(outWidth, Math.min(mostPixels, Math.floor((mostLoaded - side) / stride)));
    return { laneChannels, stripImages: 1, stripColumns: spacing * Math.ceil(columns / spacing), rowWidth: 0 };
  };
  const [one, two] = [tile(1), tile(2)];
  if (outChannels < 16) return [one];
  // Long strips save loads of weights, which one tap uses but once; a second channel saves loads of pixels.
  return side > 1 && one.stripImages * one.stripColumns > mostSums / 2 ? [one, two] : [two, one];
}

/** The size of the parts when `whole` is cut into as few as possible of at most `most`, all about as large. */
const evenly = (whole: number, most: number) => Math.ceil(whole / Math.ceil(whole / most));

/** Pixels × channels of a workgroup of 64 lanes: wide for few channels, small where large ones would leave a GPU idle. */
function forwardWorkgroupTiles({ device }: Gpu, { outChannels }: Geometry): Tile[] {
  const tile = (channelLanes: number, laneChannels: number, lanePixels: number): Tile => ({
    pixelLanes: 64 / channelLanes,
    lanePixels,
    channelLanes,
    laneChannels,
  });
  const [t64x64, t128x32, t128x16] = [tile(8, 8, 8), tile(4, 8, 8), tile(4, 4, 8)];
  const [t32x64, t32x32, t64x32] = [tile(16, 4, 8), tile(8, 4, 4), tile(8, 4, 8)];
  const tiles = outChannels > 32
    ? [t64x64, t32x64, t64x32, t32x32]
    : outChannels > 16
    ? [t64x32, t128x32, t32x32]
    : [t128x16, tile(4, 4, 4)];
  // Two halves of four vec4s of K, and two rows more.
  const bytes = ({ pixelLanes, lanePixels, channelLanes, laneChannels }: Tile) =>
    2 * 4 * 16 * (pixelLanes * lanePixels + 2 + channelLanes * laneChannels + 2);
  return tiles.filter((tile) => bytes(tile) <= device.limits.maxComputeWorkgroupStorageSize);
}

export function weightGradientTiles(gpu: Gpu, version: TiledVersion, geometry: Geometry): Tile[] {
  const { outChannels, inChannels, side } = geometry;
  if (version === "matrix") return matrixTiles(gpu, outChannels, side * side * inChannels);
  if (version === "tiled") return [{ run: 2 }];
  if (version === "workgroup") return weightGradientWorkgroupTiles(outChannels, side * side * inChannels / 4);
  const threadQuads = Math.min(side > 1 ? 2 : 4, inChannels / 4);
  return weightGradientStrips(geometry).map((strip) => ({ threadQuads, ...strip }));
}

/** Strips of up to 8 pixels. How many images they span decides the order of summation, so that is the same in all. */
function weightGradientStrips({ batch, width, outWidth, side, stride }: Geometry): Tile[] {
  const mostLoaded = 16;
  const images = Math.min(Math.floor(8 / outWidth), Math.floor(mostLoaded / width), batch);
  if (images > 0) return [{ stripImages: evenly(batch, images), stripColumns: outWidth, rowWidth: width }];
  const most = Math.floor((mostLoaded - side) / stride) + 1;
  return [4, 8, 6].filter((columns) => columns <= most).map((stripColumns) => {
    return { stripImages: 1, stripColumns, rowWidth: 0 };
  });
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
  if (tile.productRows) {
    const across = Math.ceil(side * side * inChannels / tile.productColumns);
    return [matrixLanes * Math.ceil(outChannels / tile.productRows), across, splits];
  }
  if (tile.outLanes) {
    const [tileOut, tileIn] = [tile.outLanes * tile.laneOut, tile.inLanes * tile.laneIn];
    return [64 * Math.ceil(outChannels / 4 / tileOut), Math.ceil(side * side * quads / tileIn), splits];
  }
  if (!tile.threadQuads) return [outChannels / 4, quads, side];
  return [outChannels / 2, Math.ceil(quads / tile.threadQuads), side];
}
