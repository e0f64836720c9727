import { EspalierError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import { convertChannels, resizeImage, type Pixels, type Region } from '../images/resize.ts';
import { addNoise, byteTable, linearMap } from './linear-map.ts';
import type { Movement, Pipeline, PipelineOptions } from './pipeline.ts';

/** Images: channels converted, resized and cropped to bytes (cached), then flipped and shifted, then scaled. */
export function imagePipeline(options: PipelineOptions): Pipeline {
  const { preprocessing, augmentation } = options;
  const shape = imageShape(options);
  const [height, width, channels] = shape;
  const inputShape =
    options.modelInputShape !== undefined && count(options.modelInputShape) === count(shape) ? options.modelInputShape : shape;
  const map = linearMap(channels, preprocessing.scale ?? 1 / 255, preprocessing.offset ?? 0, options.normalisation);
  const table = byteTable(map);
  const length = count(shape);
  const { flip = false, shift = 0, noise = 0 } = augmentation;
  return {
    inputShape,
    steps: {
      kind: 'image',
      inputShape,
      height,
      width,
      channels,
      fit: preprocessing.fit ?? 'stretch',
      centreCrop: preprocessing.centreCrop ?? 1,
      shorterSide: preprocessing.shorterSide ?? usualShorterSide(height, width),
      scale: Array.from(map.scale),
      offset: Array.from(map.offset),
    },
    prepare: (example) => {
      if (example.kind !== 'image')
        throw new EspalierError('invalid-data', `it holds ${example.kind} examples among images`, { where: options.name });
      const [h, w, c] = example.shape;
      return fitImage({ height: h, width: w, channels: c, data: example.data }, options, height, width, channels).data;
    },
    finish: (pixels, output, offset, random, onMove) => {
      const movement =
        random !== undefined && (flip || shift > 0)
          ? { flip: flip && random.next() < 0.5, down: randomShift(shift, random), right: randomShift(shift, random) }
          : undefined;
      const source = movement === undefined ? pixels : moved(pixels, shape, movement);
      if (movement !== undefined) onMove?.(movement);
      if (channels === 3) {
        // Of most images: a third of the time of the loop below.
        for (let i = 0; i < length; i += 3) {
          output[offset + i] = table[source[i] ?? 0] ?? 0;
          output[offset + i + 1] = table[256 + (source[i + 1] ?? 0)] ?? 0;
          output[offset + i + 2] = table[512 + (source[i + 2] ?? 0)] ?? 0;
        }
      } else {
        for (let i = 0; i < length; i += channels) {
          for (let c = 0; c < channels; c++) output[offset + i + c] = table[c * 256 + (source[i + c] ?? 0)] ?? 0;
        }
      }
      if (random !== undefined && noise > 0) addNoise(output, offset, length, noise, random);
    },
  };
}

/** What images become: `resize` says it, else the model, else the data. */
function imageShape({ name, shape, preprocessing, modelInputShape }: PipelineOptions): readonly [number, number, number] {
  const model = modelInputShape?.length === 3 ? modelInputShape : modelInputShape?.length === 2 ? [...modelInputShape, 1] : undefined;
  const channels = model?.[2] ?? shape?.[2] ?? 3;
  const height = preprocessing.resize?.[0] ?? model?.[0] ?? shape?.[0];
  const width = preprocessing.resize?.[1] ?? model?.[1] ?? shape?.[1];
  if (height === undefined || width === undefined) {
    throw new EspalierError('invalid-data', 'the images may differ in size, and neither model nor spec says which one is wanted', {
      where: name,
      fix: 'set "preprocessing.resize" to [height, width]',
    });
  }
  if (modelInputShape !== undefined && height * width * channels !== count(modelInputShape)) {
    throw new EspalierError(
      'invalid-data',
      `its images become [${height}, ${width}, ${channels}], but the model takes [${modelInputShape.join(', ')}]`,
      { where: name, fix: 'set "preprocessing.resize" to the size that the model takes' },
    );
  }
  return [height, width, channels];
}

function fitImage(image: Pixels, { name, preprocessing }: PipelineOptions, height: number, width: number, channels: number): Pixels {
  const converted = convertChannels(image, channels);
  if (converted === undefined)
    throw new EspalierError('invalid-data', `an image of ${image.channels} channels cannot become one of ${channels}`, {
      where: name,
      fix: 'grey (1) and colour (3) images are converted into each other',
    });
  if (preprocessing.fit === 'resizeThenCrop') return resizedThenCropped(converted, name, height, width, preprocessing.shorterSide);
  const keep = preprocessing.centreCrop ?? 1;
  if (image.height === height && image.width === width && keep === 1) return converted;
  return resizeImage(converted, height, width, preprocessing.fit === 'cover' ? coveringRegion(image, height / width, keep) : undefined);
}

/** ImageNet's evaluation: 256 for a crop of 224. */
const shorterSideOfCrop = 256 / 224;

function usualShorterSide(height: number, width: number): number {
  return Math.round(Math.max(height, width) * shorterSideOfCrop);
}

/** As torchvision's `Resize(shorter)` and `CenterCrop([height, width])`: the other side is rounded down, the offsets to even. */
function resizedThenCropped(image: Pixels, name: string, height: number, width: number, shorterSide: number | undefined): Pixels {
  const shorter = shorterSide ?? usualShorterSide(height, width);
  const least = Math.min(image.height, image.width);
  const [h, w] = [image.height, image.width].map((side) => (side === least ? shorter : Math.floor((shorter * side) / least)));
  if (h === undefined || w === undefined || h < height || w < width)
    throw new EspalierError(
      'invalid-data',
      `an image of ${image.height}x${image.width} becomes ${h ?? 0}x${w ?? 0}, less than ${height}x${width}`,
      {
        where: name,
        fix: 'raise "preprocessing.shorterSide" to at least what the model takes',
      },
    );
  const resized = h === image.height && w === image.width ? image : resizeImage(image, h, w);
  return cropped(resized, roundHalfToEven((h - height) / 2), roundHalfToEven((w - width) / 2), height, width);
}

function cropped({ width: from, channels, data }: Pixels, top: number, left: number, height: number, width: number): Pixels {
  const result = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * from + left) * channels;
    result.set(data.subarray(start, start + width * channels), y * width * channels);
  }
  return { height, width, channels, data: result };
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** The largest centred region with the wanted proportions, times the part of it to keep. */
export function coveringRegion(image: Pick<Pixels, 'height' | 'width'>, heightPerWidth: number, keep: number): Region {
  const width = Math.min(image.width, image.height / heightPerWidth) * keep;
  const height = width * heightPerWidth;
  return { top: (image.height - height) / 2, left: (image.width - width) / 2, height, width };
}

function randomShift(shift: number, random: Random): number {
  return shift === 0 ? 0 : random.integer(2 * shift + 1) - shift;
}

function moved(
  pixels: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  { flip, down, right }: Movement,
): Uint8Array {
  const result = new Uint8Array(height * width * channels);
  for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
    for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
      const column = flip ? width - 1 - (x - right) : x - right;
      for (let c = 0; c < channels; c++) result[(y * width + x) * channels + c] = pixels[((y - down) * width + column) * channels + c] ?? 0;
    }
  }
  return result;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
