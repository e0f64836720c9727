/** What a name of the ONNX graph stands for while it is converted. */
import type { ValueId } from '../../network/network.ts';
import type { HostTensor } from './host-tensor.ts';

/** Known when the model is read. */
export interface ConstantValue {
  readonly kind: 'constant';
  readonly tensor: HostTensor;
  /** Of an initializer that the exporter named after a module's parameter, as `features.0.weight`. */
  readonly name: string | undefined;
}

/**
 * Computed by the network. ONNX's axes are kept in mind and never moved for their own sake: the network stores the value
 * with its axes in the order that its readers want, which for images is channels last.
 */
export interface ComputedValue {
  readonly kind: 'computed';
  readonly id: ValueId;
  /** Of all of ONNX's axes, with the batch. */
  readonly shape: readonly number[];
  /** The ONNX axis of each axis of the stored value; the batch is not among them. */
  readonly axes: readonly number[];
  /** The ONNX axis of the batch; undefined when an axis of one example was squeezed away. */
  readonly batch: number | undefined;
  /** What the original holds; here it is floats in every case. */
  readonly element: ElementKind;
}

/** `quantized`: integers of the original that stand for the floats that the network has. */
export type ElementKind = 'float' | 'integer' | 'quantized';

/** Of an operator that is not supported: what reads it cannot be converted either. */
export interface UnknownValue {
  readonly kind: 'unknown';
}

export type OnnxValue = ConstantValue | ComputedValue | UnknownValue;
