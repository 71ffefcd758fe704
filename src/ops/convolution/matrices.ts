/** Tiles of the convolutions on subgroup matrices: rows × columns of a matrix product, and the subgroups over it. */
import { UserError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Tile } from "../../tensor/graph.ts";

/** Of a workgroup. */
const lanes = 128;
/** Rows or columns the lanes fetch at once, and the bytes one takes in workgroup memory: two halves of 40 values. */
const fetched = 16;
const bytesEach = 2 * 40 * 2;

/**
 * @param columns of the product: a tile wider than all there is has lanes without work
 * @throws UserError where the adapter has no such matrices
 */
export function matrixTiles({ matrices, device, name }: Gpu, columns: number): Tile[] {
  if (!matrices) throw new UserError(`${name} has no subgroup matrices.`);
  const { edge } = matrices;
  const subgroups = lanes / matrices.lanes;
  // As near to a square as a power of two comes.
  const subgroupColumns = 2 ** Math.floor(Math.log2(subgroups) / 2);
  const subgroupRows = subgroups / subgroupColumns;
  const tiles = [[2, 2], [4, 2], [2, 1], [1, 1]].map(([down, across]) => ({
    productRows: down * subgroupRows * edge,
    productColumns: across * subgroupColumns * edge,
    subgroupRows,
    subgroupColumns,
  }));
  const memory = device.limits.maxComputeWorkgroupStorageSize - 4 * subgroups * edge * edge;
  const possible = tiles.filter(({ productRows, productColumns }) =>
    productRows % fetched === 0 && productColumns % fetched === 0 && productRows <= 128 &&
    bytesEach * (productRows + productColumns) <= memory
  );
  const narrow = possible.filter(({ productColumns }) => productColumns < 2 * columns);
  return narrow.length > 0 ? narrow : possible.slice(-1);
}
