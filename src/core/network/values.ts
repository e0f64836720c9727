/** Lengths of the dimensions without the batch: `[h, w, c]` for an image, `[c]` for a vector. */
export type Shape = readonly number[];
/** Names a tensor that flows between operations; unique within a network. */
export type ValueId = string;
/** Names a trained tensor (kernel, bias, …); unique within a network. */
export type ParameterId = string;
