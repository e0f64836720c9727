import { EspalierError } from '../../errors.ts';
import type { Parameter, Shape, ValueId } from '../../network/network.ts';
import { clipped, type Operand } from '../../network/compositions.ts';
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
  /** Of the first output tensor, without the batch. */
  readonly outputShape: Shape;
  /** Of every output tensor. */
  readonly outputShapes: readonly Shape[];
}

/** Gives the value of each output. */
export type OperatorConverter = (context: OperatorContext) => ValueId | readonly ValueId[];
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

/** What an operator computes with: a value, or a constant without its batch of 1. */
export function operand(context: OperatorContext, position: number): Operand {
  if (!context.isConstant(position)) return context.value(position);
  const { shape, data } = required(context, position, 'operand');
  const rank = context.outputShape.length + 1;
  return { shape: shape.length === rank && shape[0] === 1 ? shape.slice(1) : shape.length === 0 ? [1] : shape, data };
}

/** The computed value at a position, or a constant that becomes one. */
export function anyValue(context: OperatorContext, position: number): ValueId {
  const found = operand(context, position);
  return typeof found === 'string'
    ? found
    : context.builder.constant(context.layer, found, { name: `${context.layer}/operand${position}` });
}

/** The numbers of a constant: axes, sizes, indices. */
export function numbers(context: OperatorContext, position: number, what: string): readonly number[] {
  return Array.from(required(context, position, what).data);
}

/** Axes of tensors as axes of values, which have no batch. */
export function valueAxes(context: OperatorContext, axes: readonly number[], rank: number): readonly number[] {
  const normal = axes.map((axis) => (axis < 0 ? axis + rank + 1 : axis));
  if (normal.includes(0)) refuse(context, 'along the batch is not supported');
  return normal.map((axis) => axis - 1);
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
    case 'reluN1To1':
      return clipped(context.builder, context.layer, apply('none'), -1, 1);
    case 'tanh':
      return context.builder.activation(context.layer, apply('none'), 'tanh');
    default:
      return refuse(context, `with the fused activation ${String(name)} is not supported`);
  }
}
