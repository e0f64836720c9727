/** An input or output of a model, be it a network or a file to run. */
export interface ModelTensor {
  readonly name: string;
  /** Of one example, without the batch. */
  readonly shape: readonly number[];
}

/** What a model takes and gives, in its order. */
export interface ModelInterface {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}
