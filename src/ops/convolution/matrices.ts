/** Tiles of the convolutions on subgroup matrices: rows × columns of a matrix product, and the subgroups over it. */
import type { Gpu } from "../../gpu/device.ts";
import type { Tile } from "../../tensor/graph.ts";

/** Of a workgroup. */
export const matrixLanes = 128;
/** Rows or columns the lanes fetch at once, and the bytes one takes in workgroup memory: two halves of 40 values. */
const fetched = 16;
const bytesEach = 2 * 40 * 2;

/** @param rows, columns of the product: a tile that exceeds it by far has lanes without work */
export function matrixTiles({ matrices, device }: Gpu, rows: number, columns: number): Tile[] {
  const { edge, lanes } = matrices!;
  const subgroups = matrixLanes / lanes;
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
  const small = possible.filter(({ productRows, productColumns }) =>
    productRows < 2 * rows && productColumns < 2 * columns
  );
  return small.length > 0 ? small : possible.slice(-1);
}
