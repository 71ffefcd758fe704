/**
 * One open WebGPU device: the adapter's own limits, every error kept until it can be thrown where a person sees it,
 * and a count of the bytes allocated.
 */
import { UserError } from "../errors.ts";
import { BufferUsage, MapMode, startDawn } from "./dawn.ts";
import type { Elements } from "./dtype.ts";

export interface DeviceOptions {
  /** Part of the adapter's name, as Dawn lists it (`--adapter`); by default Dawn's own choice. */
  adapter?: string;
  /** Whether to use subgroups where the adapter has them; kernels then hand values from lane to lane. */
  subgroups?: boolean;
  /**
   * Whether Dawn keeps every index inside its buffer and checks every call. Without it a wrong kernel can crash the
   * process: for measuring what the checks cost.
   */
  boundsChecks?: boolean;
}

/** Matrices of f16 that a subgroup multiplies as one, adding up in f32. */
export interface SubgroupMatrices {
  /** Their rows and columns. */
  edge: number;
  /** Lanes of a subgroup. */
  lanes: number;
}

/** What npm webgpu's types do not know yet. */
const matrixFeature = "chromium-experimental-subgroup-matrix" as GPUFeatureName;
interface MatrixConfig extends Record<"M" | "N" | "K", number> {
  componentType: string;
  resultComponentType: string;
}

const storageUsage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

export class Gpu {
  allocatedBytes = 0;
  allocatedBuffers = 0;
  #failure: string | null = null;

  private constructor(readonly adapter: GPUAdapter, readonly device: GPUDevice) {
    device.lost.then(({ reason, message }) => {
      if (reason !== "destroyed") this.#fail(`The GPU device was lost: ${message}`);
    });
    device.addEventListener("uncapturederror", (event) => {
      this.#fail((event as GPUUncapturedErrorEvent).error.message);
    });
  }

  /** Opens the adapter asked for with all its features and limits. */
  static async open({ adapter: name, subgroups = true, boundsChecks = true }: DeviceOptions = {}): Promise<Gpu> {
    // Subgroup matrices count as unsafe as long as they are an experiment.
    const enabled = ["vulkan_enable_f16_on_nvidia", "allow_unsafe_apis"];
    if (!boundsChecks) enabled.push("disable_robustness", "skip_validation");
    const flags = ["disable-dawn-features=timestamp_quantization", `enable-dawn-features=${enabled}`];
    if (name) flags.push(`adapter=${name}`);
    const adapter = await startDawn(flags).requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
    if (!adapter) {
      throw new UserError(
        name
          ? `--adapter: no adapter is called "${name}".`
          : "No GPU adapter was found; `deno task setup` looks for one.",
      );
    }
    const requiredLimits: Record<string, number> = {};
    for (const limit in adapter.limits) {
      const value = adapter.limits[limit as keyof GPUSupportedLimits];
      if (typeof value === "number") requiredLimits[limit] = value;
    }
    const wanted: GPUFeatureName[] = ["timestamp-query", "shader-f16"];
    if (subgroups) wanted.push("subgroups", matrixFeature);
    const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
    return new Gpu(adapter, await adapter.requestDevice({ requiredFeatures, requiredLimits }));
  }

  /** A name for people: vendor, architecture and description, as far as the driver tells them. */
  get name(): string {
    const { vendor, architecture, description } = this.adapter.info;
    return [description || vendor, architecture && `(${architecture})`].filter(Boolean).join(" ");
  }

  /** Whether the adapter computes on the processor's cores: Mesa's lavapipe or SwiftShader. */
  get software(): boolean {
    const { vendor, architecture, description } = this.adapter.info;
    return /software|llvmpipe|swiftshader/i.test(`${vendor} ${architecture} ${description}`);
  }

  /** Whether a workgroup of 8 is sure to be one subgroup. */
  get subgroupsOf8(): boolean {
    return this.device.features.has("subgroups") && (this.adapter.info.subgroupMinSize ?? 0) >= 8;
  }

  /** Whether kernels can read and write f16. */
  get halves(): boolean {
    return this.device.features.has("shader-f16");
  }

  /** Square ones, on an adapter whose subgroups have one size; null where there are none. */
  get matrices(): SubgroupMatrices | null {
    const { subgroupMinSize, subgroupMaxSize } = this.adapter.info;
    if (!this.device.features.has(matrixFeature) || subgroupMinSize !== subgroupMaxSize) return null;
    const { subgroupMatrixConfigs = [] } = this.adapter.info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
    const square = [...subgroupMatrixConfigs].find(({ componentType, resultComponentType, M, N, K }) =>
      componentType === "f16" && resultComponentType === "f32" && M === N && N === K
    );
    return square ? { edge: square.M, lanes: subgroupMaxSize } : null;
  }

  get timestamps(): boolean {
    return this.device.features.has("timestamp-query");
  }

  #fail(message: string): void {
    this.#failure ??= message;
  }

  /** Throws the first error the device has reported since it was opened, if any. */
  check(): void {
    if (this.#failure) throw new UserError(this.#failure);
  }

  /** Runs `body` and throws what it made the device complain about, naming `what`. */
  async guarded<T>(what: string, body: () => T | Promise<T>): Promise<T> {
    for (const filter of ["validation", "out-of-memory", "internal"] as const) this.device.pushErrorScope(filter);
    let result: T;
    const complaints: string[] = [];
    try {
      result = await body();
    } finally {
      for (let scope = 0; scope < 3; scope++) {
        const error = await this.device.popErrorScope();
        if (error) complaints.push(error.message);
      }
    }
    if (complaints.length > 0) throw new UserError(`${what}: ${complaints.join(" ")}`);
    this.check();
    return result;
  }

  /** A zeroed buffer of `bytes` (rounded up to 16). */
  allocate(label: string, bytes: number, usage = storageUsage): GPUBuffer {
    const size = 16 * Math.max(1, Math.ceil(bytes / 16));
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    if (size > Math.min(maxBufferSize, maxStorageBufferBindingSize)) {
      throw new UserError(
        `${label} needs ${(size / 2 ** 20).toFixed(0)} MiB in one buffer, more than ${this.name} allows ` +
          `(${(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 2 ** 20).toFixed(0)} MiB); try a smaller batch.`,
      );
    }
    this.allocatedBytes += size;
    this.allocatedBuffers++;
    return this.device.createBuffer({ label, size, usage });
  }

  free(buffer: GPUBuffer): void {
    this.allocatedBytes -= buffer.size;
    this.allocatedBuffers--;
    buffer.destroy();
  }

  /** Waits until all submitted work is done, then throws any error it met. */
  async sync(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    this.check();
  }

  /** Writes elements into a buffer; takes effect before all work submitted later. */
  write(buffer: GPUBuffer, offset: number, data: Elements): void {
    // As bytes: npm webgpu 0.6.2 divides by zero where it is given a Float16Array.
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    this.device.queue.writeBuffer(buffer, offset, bytes);
  }

  /** Copies bytes of a buffer back to the host; waits for all work submitted before. */
  async read(buffer: GPUBuffer, offset = 0, bytes = buffer.size - offset): Promise<ArrayBuffer> {
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({
      label: `read ${buffer.label}`,
      size,
      usage: BufferUsage.COPY_DST | BufferUsage.MAP_READ,
    });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(MapMode.READ);
      return staging.getMappedRange().slice(0, bytes);
    } catch (error) {
      this.check();
      throw error;
    } finally {
      staging.destroy();
    }
  }

  close(): void {
    this.device.destroy();
  }
}
