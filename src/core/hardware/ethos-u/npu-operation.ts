import type { MemoryName, Volume } from './accelerators.ts';

/** How the NPU computes an operation; `copy` moves bytes between memories without computing. */
export type NpuKind = 'copy' | 'convolution' | 'depthwise' | 'vectorProduct' | 'pooling' | 'reduceSum' | 'elementwise';

/** Larger kernels are read and computed in parts of this many rows and columns. */
export const largestPart = 8;

/** Bytes of scale and bias that an output channel has. */
export const scaleBytes = 10;

/** Channels of a brick: bricked feature maps have whole bricks. */
export const brickDepth = 16;

export type ElementwiseKind = 'add' | 'multiply' | 'other';

/** One command of the NPU. An operator of the file becomes one or several of them. */
export interface NpuOperation {
  readonly kind: NpuKind;
  /** Index of the operator in the file that it belongs to. */
  readonly operator: number;
  readonly name: string;
  readonly input: FeatureMap;
  /** Of elementwise operations with two inputs. */
  readonly input2?: FeatureMap | undefined;
  readonly output: FeatureMap;
  readonly kernel: NpuKernel;
  readonly elementwise: ElementwiseKind;
  readonly isMaximum: boolean;
  readonly weights?: NpuWeights | undefined;
  readonly activation: 'none' | 'relu' | 'table';
  /** Bytes of a table that is loaded before; 0 without one. */
  readonly tableBytes: number;
  /** False where sums are written unscaled, which keeps them at 32 bits. */
  readonly isScaled: boolean;
  /** Transposed convolutions spread their inputs over twice as many rows and columns. */
  readonly isUpscaled: boolean;
}

export interface FeatureMap {
  /** Equal for maps that are the same memory; undefined for constants. */
  readonly storage: string | undefined;
  /** As the operation looks at it. */
  readonly shape: Volume;
  readonly bits: 8 | 16 | 32;
  readonly memory: MemoryName;
  /** Channels in bricks (`brickDepth`), the fastest to read; others as in the file. */
  readonly isBricked: boolean;
}

export interface NpuKernel {
  readonly height: number;
  readonly width: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
}

/** A kernel `[outputs, height, width, inputs]`, zero points taken off; depthwise kernels have one input for each output. */
export interface WeightVolume {
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly at: (output: number, y: number, x: number, input: number) => number;
}

export interface NpuWeights {
  readonly volume: WeightVolume;
  /** Equal for operations that share a kernel of the file; undefined for kernels that the compiler makes. */
  readonly tensor: number | undefined;
}

export const pointKernel: NpuKernel = { height: 1, width: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };

export function elements({ height, width, depth }: Volume): number {
  return height * width * depth;
}

/** The shape in memory: the depth of a bricked map is filled up to whole bricks. */
export function storedShape({ shape, isBricked }: FeatureMap): Volume {
  return isBricked ? { ...shape, depth: roundUp(shape.depth, brickDepth) } : shape;
}

export function smaller(a: Volume, b: Volume): Volume {
  return { height: Math.min(a.height, b.height), width: Math.min(a.width, b.width), depth: Math.min(a.depth, b.depth) };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Rows and columns that a kernel reaches over, holes of its dilation included. */
export function reach(kernel: NpuKernel): { readonly height: number; readonly width: number } {
  return {
    height: (kernel.height - 1) * kernel.dilationHeight + 1,
    width: (kernel.width - 1) * kernel.dilationWidth + 1,
  };
}
