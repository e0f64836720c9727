/**
 * Values under ONNX's axes over a network whose images are channels-last. Transposing moves no data: it changes which
 * axis of the stored value is which. Data are moved only where an operation needs its axes in an order of its own.
 */
import type { Shape, ValueId } from '../../network/network.ts';
import type { NetworkBuilder } from '../../network/network-builder.ts';
import { elementCount, sameShape } from '../../network/shapes/shape.ts';
import { refuse } from './refusal.ts';
import { reshapedAxes } from './reshaped-axes.ts';
import type { ComputedValue } from './value.ts';

export interface ValueRange {
  readonly minimum: number;
  readonly maximum: number;
}

export class Layout {
  readonly builder: NetworkBuilder;
  /** Examples in a batch: 1 when it is open. */
  readonly batchSize: number;
  /** Of values that the file states a quantization of. */
  readonly ranges = new Map<ValueId, ValueRange>();
  /** Values without negative elements. */
  readonly nonNegative = new Set<ValueId>();
  readonly #permuted = new Map<string, ValueId>();
  /** What a reshaped value was before: reshaping it again starts from there. */
  readonly #reshapedFrom = new Map<ValueId, ValueId>();

  constructor(builder: NetworkBuilder, batchSize: number) {
    this.builder = builder;
    this.batchSize = batchSize;
  }

  /** The stored value with its axes in the given order, which names every axis of `value` but the batch. */
  inOrder(value: ComputedValue, axes: readonly number[], layer: string): ValueId {
    if (axes.join() === value.axes.join()) return value.id;
    const moves = (axis: number): boolean => value.shape[axis] !== 1;
    if (axes.filter(moves).join() === value.axes.filter(moves).join()) return this.#reshape(value.id, lengths(value, axes), layer);
    const order = axes.map((axis) => value.axes.indexOf(axis));
    const key = `${value.id}:${order.join()}`;
    const known = this.#permuted.get(key);
    if (known !== undefined) return known;
    const output = this.builder.permute(layer, value.id, order);
    this.#permuted.set(key, output);
    return output;
  }

  /** `value` with its data in the given order of axes. */
  reordered(value: ComputedValue, axes: readonly number[], layer: string): ComputedValue {
    return { ...value, id: this.inOrder(value, axes, layer), axes };
  }

  /** `[..., channels]` of ONNX's `[n, channels, ...]`: what convolutions, pools and batch norms work on. */
  channelsLast(value: ComputedValue, layer: string): ValueId {
    return this.inOrder(this.batchFirst(value, layer), channelsLastAxes(value.shape.length), layer);
  }

  /** With ONNX's axes in their own order, the batch in front. */
  inOnnxOrder(value: ComputedValue, layer: string): ValueId {
    return this.inOrder(value, ascendingAxes(value), layer);
  }

  /** The same value with axis 0 as its batch, for operators that take it to be one. */
  batchFirst(value: ComputedValue, layer: string): ComputedValue {
    if (value.batch === 0) return value;
    if (this.batchSize !== 1 || value.shape[0] !== 1)
      refuse(
        `of [${value.shape.join(', ')}] works on a batch that is not the first axis`,
        'keep the batch in front of every value, of size 1 or open',
      );
    const axes = [...(value.batch === undefined ? [] : [value.batch]), ...value.axes.filter((axis) => axis !== 0)];
    return { ...value, id: this.#reshape(value.id, lengths(value, axes), layer), axes, batch: 0 };
  }

  /** A result with the stored shape `[..., channels]` under ONNX's axes `[n, channels, ...]`. */
  fromChannelsLast(id: ValueId): ComputedValue {
    const stored = this.builder.shapeOf(id);
    const rank = stored.length + 1;
    return {
      kind: 'computed',
      id,
      shape: [this.batchSize, stored.at(-1) ?? 1, ...stored.slice(0, -1)],
      axes: channelsLastAxes(rank),
      batch: 0,
      element: 'float',
    };
  }

  transpose(value: ComputedValue, order: readonly number[]): ComputedValue {
    return {
      ...value,
      shape: order.map((axis) => value.shape[axis] ?? 1),
      axes: value.axes.map((axis) => order.indexOf(axis)),
      batch: value.batch === undefined ? undefined : order.indexOf(value.batch),
    };
  }

  /** To a shape of as many elements; runs of axes that stay together keep their place in the stored value. */
  reshape(value: ComputedValue, shape: readonly number[], layer: string): ComputedValue {
    return this.reshapeAround(value, shape, this.#locateBatch(value, shape), layer);
  }

  /** Like `reshape`, where it is known which axis of the new shape is the batch, if any. */
  reshapeAround(value: ComputedValue, shape: readonly number[], batch: number | undefined, layer: string): ComputedValue {
    const { from, to } = reshapedAxes(value, shape, batch);
    const source = this.inOrder(value, from, layer);
    const id = this.#reshape(
      source,
      to.map((axis) => shape[axis] ?? 1),
      layer,
    );
    return { ...value, id, shape, axes: to, batch };
  }

  /** The stored value under another stored shape. */
  storedAs(id: ValueId, shape: Shape, layer: string): ValueId {
    return this.#reshape(id, shape, layer);
  }

  #reshape(id: ValueId, shape: Shape, layer: string): ValueId {
    if (sameShape(this.builder.shapeOf(id), shape)) return id;
    const source = this.#reshapedFrom.get(id) ?? id;
    if (sameShape(this.builder.shapeOf(source), shape)) return source;
    const output = this.builder.reshape(layer, source, shape);
    this.#reshapedFrom.set(output, source);
    return output;
  }

  /** The axis of the new shape that is the batch. */
  #locateBatch(value: ComputedValue, shape: readonly number[]): number | undefined {
    const before = elementCount(value.shape.slice(0, value.batch ?? 0));
    const fits = (axis: number): boolean => shape[axis] === this.batchSize && elementCount(shape.slice(0, axis)) === before;
    if (value.batch !== undefined && fits(value.batch)) return value.batch;
    const found = shape.findIndex((_, axis) => fits(axis));
    if (found >= 0 && (value.batch !== undefined || found === 0)) return found;
    if (this.batchSize !== 1)
      refuse(
        `of [${value.shape.join(', ')}] to [${shape.join(', ')}] mixes the batch of ${this.batchSize} with other axes`,
        'export the model with a batch of 1 or an open one',
      );
    return undefined;
  }
}

/** The order `[2, …, 1]` of the axes after the batch. */
export function channelsLastAxes(rank: number): readonly number[] {
  return [...Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i + 2), ...(rank > 1 ? [1] : [])];
}

export function ascendingAxes(value: ComputedValue): readonly number[] {
  return value.shape.map((_, axis) => axis).filter((axis) => axis !== value.batch);
}

function lengths(value: ComputedValue, axes: readonly number[]): Shape {
  return axes.map((axis) => value.shape[axis] ?? 1);
}
