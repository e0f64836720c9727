import type { Shape } from '../network/network.ts';
import type { Pair } from '../network/operations.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';

/** The elements of images by their places in tiles, which have as many rows and columns as `size` says and cover all of it. */
export interface Tiles {
  readonly size: Pair;
  /** For each place of a tile, row by row, its elements of all tiles: `[c, n * tiles]`. */
  readonly places: readonly Tensor[];
}

/** What non-decreasing functions made a value of. */
interface Origin {
  readonly value: LoweredValue;
  /** To a tensor of any shape, element by element. */
  apply(x: Tensor): Tensor;
}

/**
 * A value of the network inside a program, in either of two layouts:
 * - channels-major `[c, n * rest]`, rest being all axes before the last: a 1x1 convolution is one matrix product and
 *   batch-norm statistics are sums of contiguous rows;
 * - batch-major `[n, ...shape]`, as the network's own shapes read.
 * It is made in one of them; the other is appended to the program when it is first asked for.
 */
export class LoweredValue {
  /** Of one example, as in the network. */
  readonly shape: Shape;
  readonly layout: 'channelsMajor' | 'batchMajor';
  readonly #builder: ProgramBuilder;
  readonly #batchSize: number;
  #channelsMajor: Tensor | undefined;
  #batchMajor: Tensor | undefined;
  #tiles: Tiles | undefined;
  #origin: Origin | undefined;

  private constructor(builder: ProgramBuilder, batchSize: number, shape: Shape, layout: 'channelsMajor' | 'batchMajor', tensor: Tensor) {
    this.#builder = builder;
    this.#batchSize = batchSize;
    this.shape = shape;
    this.layout = layout;
    if (layout === 'channelsMajor') this.#channelsMajor = builder.reshape(tensor, [this.channels, batchSize * this.positions]);
    else this.#batchMajor = builder.reshape(tensor, [batchSize, ...shape]);
  }

  /** From a tensor of any shape whose elements lie in the order `[c, n, ...rest]`. */
  static channelsMajor(builder: ProgramBuilder, batchSize: number, shape: Shape, tensor: Tensor): LoweredValue {
    return new LoweredValue(builder, batchSize, shape, 'channelsMajor', tensor);
  }

  /** Of an image in tiles; in the order of its own it is computed where that is asked for. */
  static tiled(builder: ProgramBuilder, batchSize: number, shape: Shape, tiles: Tiles): LoweredValue {
    const value = new LoweredValue(builder, batchSize, shape, 'channelsMajor', inOrder(builder, batchSize, shape, tiles));
    value.#tiles = tiles;
    return value;
  }

  /** From a tensor of any shape whose elements lie in the order `[n, ...shape]`. */
  static batchMajor(builder: ProgramBuilder, batchSize: number, shape: Shape, tensor: Tensor): LoweredValue {
    return new LoweredValue(builder, batchSize, shape, 'batchMajor', tensor);
  }

  /** A value of the same layout and, unless given, shape. */
  like(tensor: Tensor, shape: Shape = this.shape): LoweredValue {
    return new LoweredValue(this.#builder, this.#batchSize, shape, this.layout, tensor);
  }

  /**
   * The value of a function of single elements that never falls, such as `relu`. `maximum` takes it after the maximum.
   *
   * @param apply to a tensor of any shape
   */
  nonDecreasing(apply: (x: Tensor) => Tensor): LoweredValue {
    const value = this.like(apply(this.tensor));
    const origin = this.#origin ?? { value: this, apply: (x) => x };
    value.#origin = { value: origin.value, apply: (x) => apply(origin.apply(x)) };
    return value;
  }

  /**
   * A maximum over elements of this value. Functions that never fall are taken of the maximum, which has fewer elements:
   * the result is the same, and of elements that such a function makes equal the largest one gets the gradient.
   */
  maximum(take: (value: LoweredValue) => Tensor): Tensor {
    const { value, apply } = this.#origin ?? { value: this, apply: (x: Tensor) => x };
    return apply(take(value));
  }

  /** The maxima of tiles, `[c, n * tiles]`; undefined where the value was not made in tiles of this size. */
  tileMaxima([rows, columns]: Pair): Tensor | undefined {
    if (this.#tiles?.size[0] !== rows || this.#tiles.size[1] !== columns) return undefined;
    return this.#tiles.places.reduce((a, b) => this.#builder.max(a, b));
  }

  /** The elements, or those of which the largest is the same. */
  get candidatesOfMaximum(): Tensor {
    return (this.#tiles && this.tileMaxima(this.#tiles.size)) ?? this.tensor;
  }

  /** The length of the last axis. */
  get channels(): number {
    return this.shape.at(-1) ?? 1;
  }

  /** The number of positions in one example: the product of all axes but the last. */
  get positions(): number {
    return elements(this.shape.slice(0, -1));
  }

  /** The tensor in the layout that it was made in. */
  get tensor(): Tensor {
    return this.layout === 'channelsMajor' ? this.channelsMajor : this.batchMajor;
  }

  /** `[c, n * rest]` */
  get channelsMajor(): Tensor {
    this.#channelsMajor ??= this.#swap(this.batchMajor, this.#batchSize * this.positions, this.channels);
    return this.#channelsMajor;
  }

  /** `[c, n, ...rest]` */
  get channelsMajorAxes(): Tensor {
    return this.#builder.reshape(this.channelsMajor, [this.channels, this.#batchSize, ...this.shape.slice(0, -1)]);
  }

  /** `[n, ...shape]` */
  get batchMajor(): Tensor {
    this.#batchMajor ??= this.#builder.reshape(this.#swap(this.channelsMajor, this.channels, this.#batchSize * this.positions), [
      this.#batchSize,
      ...this.shape,
    ]);
    return this.#batchMajor;
  }

  /** `[n, c, h, w]` of an image `[h, w, c]`. */
  get batchChannelsMajor(): Tensor {
    return this.#builder.transpose(this.channelsMajorAxes, [1, 0, 2, 3]);
  }

  #swap(tensor: Tensor, rows: number, columns: number): Tensor {
    if (rows === 1 || columns === 1) return this.#builder.reshape(tensor, [columns, rows]);
    return this.#builder.transpose(this.#builder.reshape(tensor, [rows, columns]), [1, 0]);
  }
}

/** `[c, n, h, w]` */
function inOrder(
  builder: ProgramBuilder,
  batchSize: number,
  [h = 1, w = 1, c = 1]: Shape,
  { size: [rows, columns], places }: Tiles,
): Tensor {
  const [down, across] = [h / rows, w / columns];
  const joined = builder.concat(
    places.map((place) => builder.reshape(place, [1, c, batchSize, down, across])),
    0,
  );
  return builder.transpose(builder.reshape(joined, [rows, columns, c, batchSize, down, across]), [2, 3, 4, 0, 5, 1]);
}
