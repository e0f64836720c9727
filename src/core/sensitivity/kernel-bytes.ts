import type { Bytes } from '../../shared/sensitivity.ts';
import type { WeightBits } from '../../shared/techniques.ts';
import { orderWeights } from '../hardware/ethos-u/weight-order.ts';
import { scaleBytes } from '../hardware/ethos-u/npu-operation.ts';
import { encodedStreamBytes } from '../hardware/ethos-u/weight-stream.ts';
import { gzipSize } from '../measure/file-sizes.ts';
import { bufferBytes, chooseEncodings } from '../tflite/pack/choose-encodings.ts';
import type { Kernel } from '../techniques/kernels.ts';

export interface StoredKernel {
  readonly kernel: Pick<Kernel, 'operation' | 'shape'>;
  /** Row-major. */
  readonly integers: Int8Array;
  readonly channels: number;
  readonly bits: WeightBits;
}

/** Header and trailer of gzip, which a file has once. */
const gzipFrame = 18;
/** Two tensors and an operator that a packed kernel adds to the file; see `chooseEncodings`. */
const decoderBytes = 2 * 36 + 44;

/**
 * The bytes of a kernel in each way to store it, by itself: an estimate of its part in a file.
 *
 * @param most weights that are compressed, which takes long: larger kernels are counted by evenly spaced filters
 */
export function kernelBytes(stored: StoredKernel, most = Infinity): Bytes {
  const { integers, bits } = stored;
  const raw = Math.ceil((integers.length * bits) / 8);
  const sample = sampleOf(stored, most);
  const share = integers.length / sample.integers.length;
  return {
    raw,
    gzip: Math.max(0, gzipSize(storedBytes(sample.integers, bits)) - gzipFrame) * share,
    packed: packedBytes(sample) * share,
    ethosU: ethosUBytes(sample) * share,
  };
}

/** The first axis cut down, so that filters stay whole. */
function sampleOf(stored: StoredKernel, most: number): StoredKernel {
  const { integers, kernel, channels } = stored;
  const { shape, operation } = kernel;
  const [filters = 1, ...rest] = shape;
  const length = integers.length / filters;
  const kept = Math.max(1, Math.min(filters, Math.floor(most / length)));
  if (kept === filters) return stored;
  const sampled = new Int8Array(kept * length);
  for (let i = 0; i < kept; i++) {
    const from = Math.floor((i * filters) / kept) * length;
    sampled.set(integers.subarray(from, from + length), i * length);
  }
  return { ...stored, integers: sampled, kernel: { operation, shape: [kept, ...rest] }, channels: channels === 1 ? 1 : kept };
}

/** Two 4-bit integers in a byte, the first in the low half. */
function storedBytes(integers: Int8Array, bits: WeightBits): Uint8Array {
  if (bits === 8) return new Uint8Array(integers.buffer, integers.byteOffset, integers.length);
  return Uint8Array.from(
    { length: Math.ceil(integers.length / 2) },
    (_, i) => ((integers[2 * i] ?? 0) & 15) | (((integers[2 * i + 1] ?? 0) & 15) << 4),
  );
}

function packedBytes({ integers, channels, bits, kernel }: StoredKernel): number {
  const plain = bufferBytes(Math.ceil((integers.length * bits) / 8));
  if (bits !== 8) return plain;
  const [encoding] = chooseEncodings(
    [
      {
        type: 'int8',
        values: integers,
        channels,
        channelDimension: channels === 1 || kernel.operation.kind !== 'depthwiseConv2d' ? 'first' : 'last',
        zeroPoints: new Array<number>(channels).fill(0),
      },
    ],
    'small',
  );
  return encoding === undefined ? plain : bufferBytes(encoding.encoded.length) + bufferBytes(encoding.ancillary.length) + decoderBytes;
}

/** As the NPU reads a kernel of 8-bit activations in blocks of 16 channels; weights of 4 bits are stored like those of 8. */
function ethosUBytes({ integers, kernel }: StoredKernel): number {
  const isDepthwise = kernel.operation.kind === 'depthwiseConv2d';
  const [first = 1, ...rest] = kernel.shape;
  const [height = 1, width = 1, last = 1] = rest.length === 3 ? rest : [1, 1, rest[0] ?? 1];
  const volume = isDepthwise
    ? {
        outputs: last,
        height,
        width,
        inputs: 1,
        at: (output: number, y: number, x: number) => integers[(y * width + x) * last + output] ?? 0,
      }
    : {
        outputs: first,
        height,
        width,
        inputs: last,
        at: (output: number, y: number, x: number, input: number) => integers[((output * height + y) * width + x) * last + input] ?? 0,
      };
  const stream = orderWeights(volume, {
    isDepthwise,
    isPartKernel: volume.inputs <= 8,
    blockDepth: 16,
    outputUnit: 8,
    activationBits: 8,
    dilationHeight: 1,
    dilationWidth: 1,
  });
  return encodedStreamBytes(stream) + scaleBytes * volume.outputs;
}
