/** The low-level bindings of the LiteRT module that this project uses; its public interface has no int8 tensors. */
export type LiteRtFactory = (options: {
  readonly wasmBinary: Uint8Array;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
}) => Promise<LiteRt>;

/** The WebAssembly module. Objects that it returns are freed by `delete`. */
export interface LiteRt {
  /** The module's memory. It is replaced when the memory grows, so read it anew each time. */
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(pointer: number): void;
  readonly LiteRtEnvironment: { create(options: null): LiteRtEnvironment };
  loadModel(environment: LiteRtEnvironment, pointer: number, size: number): LiteRtModel;
  compileModel(environment: LiteRtEnvironment, model: LiteRtModel, options: { readonly accelerator: 'wasm' }): Promise<LiteRtCompiledModel>;
  readonly LiteRtTensorBuffer: {
    createManaged(environment: LiteRtEnvironment, type: unknown, tensorType: LiteRtTensorType, size: number): LiteRtBuffer;
  };
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: unknown };
  readonly LiteRtTensorBufferLockMode: { readonly READ: unknown; readonly WRITE: unknown };
}

interface Handle {
  delete(): void;
}

/** What models are loaded and buffers allocated in. */
export type LiteRtEnvironment = Handle;

/** Element type and shape of a tensor; `bytes` is its size. */
export interface LiteRtTensorType {
  bytes(): number;
}

/** A loaded model; it reads its bytes from the module's memory as long as it lives. */
export interface LiteRtModel extends Handle {
  getInputTensorType(signature: number, input: number): LiteRtTensorType;
}

/** The inputs of a signature, in order. */
export interface LiteRtSignature {
  readonly inputs: readonly LiteRtTensorType[];
}

/** A model that is ready to run. */
export interface LiteRtCompiledModel extends Handle {
  run(signature: number, inputs: readonly LiteRtBuffer[]): Promise<LiteRtBuffer[]>;
}

/** The memory of one tensor, accessed between `lock` and `unlock`. */
export interface LiteRtBuffer extends Handle {
  /** The address in the module's memory. */
  lock(mode: unknown): number;
  unlock(): void;
}
