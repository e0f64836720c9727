/** The low-level bindings of the LiteRT module that this project uses; its public interface has no int8 tensors. */
export type LiteRtFactory = (options: {
  readonly wasmBinary: Uint8Array;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
}) => Promise<LiteRt>;

export interface LiteRt {
  /** Replaced when the memory grows: never kept. */
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

export type LiteRtEnvironment = Handle;

export interface LiteRtTensorType {
  bytes(): number;
}

export interface LiteRtModel extends Handle {
  getInputTensorType(signature: number, input: number): LiteRtTensorType;
}

export interface LiteRtSignature {
  readonly inputs: readonly LiteRtTensorType[];
}

export interface LiteRtCompiledModel extends Handle {
  run(signature: number, inputs: readonly LiteRtBuffer[]): Promise<LiteRtBuffer[]>;
}

export interface LiteRtBuffer extends Handle {
  /** The address in the module's memory. */
  lock(mode: unknown): number;
  unlock(): void;
}
