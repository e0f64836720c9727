/**
 * Lengths for the open dimensions of a model's inputs: the shape of one example in the model's own order of axes, such as
 * `[224, 224, 3]` for Keras or `[3, 224, 224]` for ONNX; of several inputs a list of shapes.
 */
export type InputShape = readonly number[] | readonly (readonly number[])[];

/** An input of a model, some of whose lengths may be open. */
export interface OpenInput {
  readonly name: string;
  /** Of one example, in the model's own order of axes; null for an open length. Undefined where not even their number is known. */
  readonly shape?: readonly (number | null)[] | undefined;
}

/** One shape an input; undefined where none is given. */
export function inputShapesOf(shape: InputShape | undefined): readonly (readonly number[])[] | undefined {
  if (shape === undefined) return undefined;
  const shapes = shape.flatMap((entry) => (typeof entry === 'number' ? [] : [entry]));
  const lengths = shape.flatMap((entry) => (typeof entry === 'number' ? [entry] : []));
  return lengths.length > 0 ? [lengths] : shapes;
}
