/** Images with a mask each: a class for each position of the model's output. */
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import { classNames } from '../files/class-order.ts';
import type { ClassedFile } from '../files/classed-files.ts';
import { decodableFiles } from '../files/decodable-files.ts';
import { findSplits } from '../files/file-splits.ts';
import { type FileTree, openFileTree } from '../files/file-tree.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { sizeOfImage } from '../images/decode-image.ts';
import { decodeMask, resizeMask } from '../images/decode-mask.ts';
import { pngDecoder } from '../images/png-pixels.ts';
import type { KeptExamples } from '../kept-examples.ts';
import { ByteCache } from '../prepared-dataset.ts';
import { coveringRegion } from '../preprocessing/image-pipeline.ts';
import type { ImageDataSpec } from '../spec/image-spec.ts';
import { ignoredLabel } from '../target.ts';
import { imageDecoding } from './image-decoding.ts';

export type MaskedImageSpec = ImageDataSpec & { readonly masks: string };

const maskCacheBytes = 128e6;
/** Of images that may have masks. */
export const imageExtension = /\.(jpe?g|jfif|png)$/i;

/** The images below a folder, whatever folders they lie in; a split is a folder, as of images by class. */
export async function listMaskedImages(spec: ImageDataSpec, folder: string): Promise<Awaited<ReturnType<typeof findSplits>>> {
  return findSplits(
    spec,
    async (path): Promise<readonly ClassedFile[]> => {
      const tree = await openFileTree(resolvePath(folder, path));
      return tree.paths.filter((each) => imageExtension.test(each)).map((each) => ({ tree, path: each, className: '', fields: {} }));
    },
    undefined,
  );
}

/** @throws EspalierError `invalid-data` for an output that is no map of classes, and images without a mask */
export async function openMaskedImages(
  spec: MaskedImageSpec,
  folder: string,
  outputs: readonly ModelTensor[] | undefined,
  kept?: KeptExamples,
): Promise<SourceSplits> {
  const map = mapOf(spec, outputs);
  const masks = await openFileTree(resolvePath(folder, spec.masks));
  const byStem = new Map(masks.paths.filter((path) => /\.png$/i.test(path)).map((path) => [stemOf(path), path]));
  const found = await listMaskedImages(spec, folder);
  const warnings = found.warning === undefined ? [] : [found.warning];
  const open = async (name: string, files: readonly ClassedFile[]): Promise<ExampleSource> => {
    const paired = pairs(files, masks, byStem);
    return source(name, spec.unreadable === 'skip' ? await usablePairs(paired, masks, warnings, kept) : paired, masks, map, spec);
  };
  return {
    train: await open('train', found.train),
    validation: found.validation && (await open('validation', found.validation)),
    test: found.test && (await open('test', found.test)),
    warnings,
  };
}

interface ClassMapShape {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly names: readonly string[] | undefined;
}

function mapOf(spec: ImageDataSpec, outputs: readonly ModelTensor[] | undefined): ClassMapShape {
  if (spec.preprocessing?.fit === 'resizeThenCrop')
    throw new EspalierError('invalid-data', '"fit": "resizeThenCrop" is not done to masks', {
      where: 'data.preprocessing.fit',
      fix: 'use "stretch" or "cover"',
    });
  const names = classNames(spec.classes);
  const output = outputs?.find(({ shape }) => shape.length === 3);
  const [height, width, channels] = output?.shape ?? [];
  if (height === undefined || width === undefined || channels === undefined)
    throw new EspalierError('invalid-data', 'masks need a model with an output [height, width, classes]', {
      where: 'data.masks',
      fix: `its outputs are ${(outputs ?? []).map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}`,
    });
  return { height, width, classes: names?.length ?? Math.max(channels, 2), names };
}

interface Pair extends Pick<ClassedFile, 'tree' | 'path'> {
  readonly mask: string;
}

/** @throws EspalierError for an image without a mask */
function pairs(files: readonly ClassedFile[], masks: FileTree, byStem: ReadonlyMap<string, string>): readonly Pair[] {
  return files.map(({ tree, path }) => {
    const mask = byStem.get(stemOf(path));
    if (mask === undefined)
      throw new EspalierError('invalid-data', `there is no mask "${stemOf(path)}.png" of the image "${path}"`, {
        where: masks.name,
        fix: 'give every image a mask of its name, or leave "masks" out: then every stage learns the outputs of the trained model',
      });
    return { tree, path, mask };
  });
}

const maskDecoding = { decode: decodeMask, decoderOf: () => Promise.resolve(`mask by ${pngDecoder}`) } as const;

/** Those of which both can be decoded. */
async function usablePairs(
  paired: readonly Pair[],
  masks: FileTree,
  warnings: string[],
  kept: KeptExamples | undefined,
): Promise<readonly Pair[]> {
  const withImage = await decodableFiles(paired, imageDecoding, warnings, kept);
  const asMasks = withImage.map((pair) => ({ tree: masks, path: pair.mask, pair }));
  return (await decodableFiles(asMasks, maskDecoding, warnings, kept)).map(({ pair }) => pair);
}

function source(
  name: string,
  paired: readonly Pair[],
  masks: FileTree,
  { height, width, classes, names }: ClassMapShape,
  spec: ImageDataSpec,
): ExampleSource {
  const cache = new ByteCache(maskCacheBytes);
  // 1 where the mask has been found to be of its image's size.
  const sizesChecked = new Uint8Array(paired.length);
  const pairOf = (index: number): Pair => {
    const pair = paired[index];
    if (pair === undefined) throw new RangeError(`example ${index} of ${paired.length}`);
    return pair;
  };
  const readEncoded = async (index: number) => {
    const { tree, path } = pairOf(index);
    const bytes = await tree.read(path);
    return { bytes, decoder: await imageDecoding.decoderOf(bytes), decode: () => imageDecoding.decode(bytes, `${tree.name}/${path}`) };
  };
  /** Decoding takes longer than reading the header, and what is decoded may be kept already. */
  const sizeOf = async (index: number): Promise<readonly [number, number]> => {
    const { bytes, decode } = await readEncoded(index);
    const known = sizeOfImage(bytes);
    if (known !== undefined) return known;
    const [height, width] = (await decode()).shape;
    return [height, width];
  };
  return {
    name,
    kind: 'image',
    size: paired.length,
    shape: undefined,
    target: { kind: 'classMap', positions: height * width, classes, names },
    labels: new Int32Array(0),
    targets: new Float32Array(0),
    load: async (index) => (await readEncoded(index)).decode(),
    readEncoded,
    loadLabels: async (index) => {
      const known = cache.get(index);
      if (known !== undefined) return Int32Array.from(known);
      const { mask: path } = pairOf(index);
      const where = `${masks.name}/${path}`;
      const mask = decodeMask(await masks.read(path), where);
      if (sizesChecked[index] !== 1) {
        const [imageHeight, imageWidth] = await sizeOf(index);
        if (mask.height !== imageHeight || mask.width !== imageWidth)
          throw new EspalierError('invalid-data', `the mask is ${mask.height}x${mask.width}, its image ${imageHeight}x${imageWidth}`, {
            where,
            fix: 'give the mask the size of its image',
          });
        sizesChecked[index] = 1;
      }
      const wrong = mask.data.find((label) => label >= classes && label !== ignoredLabel);
      if (wrong !== undefined)
        throw new EspalierError('invalid-data', `the mask has the label ${wrong}, but classes go from 0 to ${classes - 1}`, {
          where,
          fix: 'correct the mask, or use 255 for pixels that count for no class',
        });
      const whole = { top: 0, left: 0, height: mask.height, width: mask.width };
      const isCover = spec.preprocessing?.fit === 'cover';
      const region = isCover ? coveringRegion(mask, height / width, spec.preprocessing?.centreCrop ?? 1) : whole;
      const resized = resizeMask(mask, height, width, region);
      cache.set(index, resized);
      return Int32Array.from(resized);
    },
  };
}

function stemOf(path: string): string {
  return path.replace(/\.[^./]+$/, '');
}
