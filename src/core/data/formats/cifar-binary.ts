import { EspalierError } from '../../errors.ts';
import { basename } from 'node:path';
import type { CifarBinaryDataSpec } from '../spec/cifar-binary-spec.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import { bytesInMemory, type ByteSource } from '../files/byte-store.ts';
import { openFileTree } from '../files/file-tree.ts';
import { openBytes } from '../files/open-bytes.ts';
import { resolvePath } from '../files/resolve-path.ts';

const side = 32;
const plane = side * side;

const variants = {
  'cifar-10': {
    labelBytes: 1,
    classes: 10,
    names: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  },
  // A coarse label, then the fine one.
  'cifar-100': { labelBytes: 2, classes: 100, names: undefined },
} as const;

type Variant = (typeof variants)[keyof typeof variants];

interface Batch {
  readonly name: string;
  readonly bytes: ByteSource;
}

/** Examples from CIFAR's binary batches. */
export async function openCifarBinary(spec: CifarBinaryDataSpec, folder: string): Promise<SourceSplits> {
  const variant = variants[spec.variant ?? 'cifar-10'];
  const openAll = (paths: readonly string[]): Promise<Batch[]> =>
    Promise.all(paths.map(async (path) => ({ name: path, bytes: await openBytes(resolvePath(folder, path)) })));
  const found = spec.folder === undefined ? undefined : await findBatches(resolvePath(folder, spec.folder));
  const train = spec.train === undefined ? found?.train : await openAll(spec.train);
  const test = spec.test === undefined ? found?.test : await openAll(spec.test);
  if (train === undefined || train.length === 0) {
    throw new EspalierError('invalid-data', 'it names no training batches', {
      where: spec.folder ?? 'data',
      fix: 'name a folder with data_batch_1.bin and so on, or list the files in "train"',
    });
  }
  return {
    train: cifarSource('train', train, variant),
    validation: undefined,
    test: test === undefined || test.length === 0 ? undefined : cifarSource('test', test, variant),
    warnings: [],
  };
}

const batchNames = { train: /^(data_batch_\d+|train)\.bin$/, test: /^test(_batch)?\.bin$/ };

/** Whether a file of the spec's folder is one that is read. */
export function isBatch(path: string): boolean {
  return Object.values(batchNames).some((pattern) => pattern.test(basename(path)));
}

async function findBatches(path: string): Promise<{ readonly train: readonly Batch[]; readonly test: readonly Batch[] }> {
  const tree = await openFileTree(path);
  const matching = (pattern: RegExp): Promise<Batch[]> =>
    Promise.all(
      tree.paths
        .filter((file) => pattern.test(basename(file)))
        .map(async (file) => ({ name: `${path}/${file}`, bytes: bytesInMemory(await tree.read(file)) })),
    );
  return { train: await matching(batchNames.train), test: await matching(batchNames.test) };
}

function cifarSource(name: string, batches: readonly Batch[], variant: Variant): ExampleSource {
  const record = variant.labelBytes + 3 * plane;
  const places: { readonly batch: Batch; readonly offset: number }[] = [];
  const labels: number[] = [];
  for (const batch of batches) {
    if (batch.bytes.size === 0 || batch.bytes.size % record !== 0) {
      throw new EspalierError('invalid-data', `its ${batch.bytes.size} bytes are not a number of records of ${record} bytes`, {
        where: batch.name,
        fix: 'check "variant", or download the file again',
      });
    }
    for (let offset = 0; offset < batch.bytes.size; offset += record) {
      const label = batch.bytes.read(offset + variant.labelBytes - 1, 1)[0] ?? 0;
      if (label >= variant.classes)
        throw new EspalierError(
          'invalid-data',
          `record ${offset / record} has the label ${label}, but there are ${variant.classes} classes`,
          { where: batch.name, fix: 'check "variant"' },
        );
      places.push({ batch, offset: offset + variant.labelBytes });
      labels.push(label);
    }
  }
  return {
    name,
    kind: 'image',
    size: places.length,
    shape: [side, side, 3],
    target: { kind: 'classes', classes: variant.classes, names: variant.names },
    labels: Int32Array.from(labels),
    targets: new Float32Array(0),
    load: (index): Example => {
      const place = places[index];
      if (place === undefined) throw new RangeError(`example ${index} of ${places.length}`);
      const planes = place.batch.bytes.read(place.offset, 3 * plane);
      const data = new Uint8Array(3 * plane);
      for (let i = 0; i < plane; i++) {
        data[i * 3] = planes[i] ?? 0;
        data[i * 3 + 1] = planes[plane + i] ?? 0;
        data[i * 3 + 2] = planes[2 * plane + i] ?? 0;
      }
      return { kind: 'image', shape: [side, side, 3], data };
    },
  };
}
