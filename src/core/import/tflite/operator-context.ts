import { EspalierError } from '../../errors.ts';
import type { Parameter, Shape, ValueId } from '../../network/network.ts';
import type { NetworkBuilder } from '../../network/network-builder.ts';
import type { FusedActivation, Padding, Pair } from '../../network/operations.ts';
import type { TfliteOperator } from '../../tflite/tflite-model.ts';

/** One operator of the file, with its tensors as values or constants. */
export interface OperatorContext {
  readonly builder: NetworkBuilder;
  readonly operator: TfliteOperator;
  /** Taken from the name of its output tensor. */
  readonly layer: string;
  /** The computed input at a position; an error when it is a constant or missing. */
  value(position: number): ValueId;
  isConstant(position: number): boolean;
  /** The constant at a position, undefined when it is left out; an error when it is computed. */
  constant(position: number): Parameter | undefined;
  /** Of the output tensor, without the batch. */
  readonly outputShape: Shape;
}

export type OperatorConverter = (context: OperatorContext) => ValueId;
export type OperatorConverters = Readonly<Record<string, OperatorConverter>>;

export function refuse(context: OperatorContext, what: string): never {
  throw new EspalierError('unsupported-model', `${context.operator.name} ${what}`, {
    where: `layer "${context.layer}"`,
    fix: 'import the Keras model that the .tflite was converted from',
  });
}

export function required(context: OperatorContext, position: number, what: string): Parameter {
  return context.constant(position) ?? refuse(context, `has no ${what}`);
}

export function option(context: OperatorContext, name: string, otherwise: number): number {
  const value = context.operator.options[name];
  return typeof value === 'number' ? value : otherwise;
}

export function flag(context: OperatorContext, name: string): boolean {
  return context.operator.options[name] === true;
}

export function padding(context: OperatorContext): Padding {
  return context.operator.options['padding'] === 'valid' ? 'valid' : 'same';
}

export function pairOption(context: OperatorContext, height: string, width: string): Pair {
  return [option(context, height, 1), option(context, width, 1)];
}

/** What the operation itself fuses, and the rest applied after it. */
export function withActivation(context: OperatorContext, canFuse: boolean, apply: (fused: FusedActivation) => ValueId): ValueId {
  const name = context.operator.options['activation'] ?? 'none';
  switch (name) {
    case 'none':
      return apply('none');
    case 'relu':
    case 'relu6':
      return canFuse ? apply(name) : context.builder.activation(context.layer, apply('none'), name);
    case 'tanh':
      return context.builder.activation(context.layer, apply('none'), 'tanh');
    default:
      return refuse(context, `with the fused activation ${String(name)} is not supported`);
  }
}
