/** Element types of tensors, under WGSL's names. */
export const arrays = { f32: Float32Array, f16: Float16Array, u32: Uint32Array, i32: Int32Array };

export type DType = keyof typeof arrays;

/** Elements on the host. */
export type Elements = Float32Array | Float16Array | Uint32Array | Int32Array;

/** Bytes of one element. */
export function bytesPer(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}
