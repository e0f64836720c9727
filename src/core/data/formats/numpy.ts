import { unzipSync } from 'fflate';
import { Allowance } from '../../budget.ts';
import { EspalierError, isEspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { NpyDataSpec, NpzDataSpec } from '../spec/array-specs.ts';
import type { ByOutput } from '../spec/by-input.ts';
import type { LabelArrays } from './output-labels.ts';
import type { SourceSplits } from '../example-source.ts';
import { bytesInMemory } from '../files/byte-store.ts';
import { fileError } from '../files/file-access.ts';
import { openBytes } from '../files/open-bytes.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { ownValue, type SelectedInput } from '../inputs/input-values.ts';
import { plainName } from '../inputs/model-inputs.ts';
import { arraySplits } from './array-source.ts';
import { readNpy, type NpyArray } from './npy-array.ts';

/** Examples from .npy files; inputs larger than memory are read in place. */
export async function openNpy(
  spec: NpyDataSpec,
  folder: string,
  selected?: SelectedInput,
  outputs?: readonly ModelTensor[],
): Promise<SourceSplits> {
  const trainInputs = ownValue(spec.trainInputs, selected, 'trainInputs');
  const testInputs = spec.testInputs === undefined ? undefined : ownValue(spec.testInputs, selected, 'testInputs');
  const open = async (path: string | undefined): Promise<NpyArray | undefined> => {
    if (path === undefined) return undefined;
    const where = resolvePath(folder, path);
    return readNpy(await openBytes(where), where);
  };
  const openLabels = async (paths: string | ByOutput<string> | undefined): Promise<LabelArrays> => {
    if (typeof paths !== 'object') return open(paths);
    const arrays = new Map<string, NpyArray>();
    for (const [name, path] of Object.entries(paths)) {
      const array = await open(path);
      if (array !== undefined) arrays.set(name, array);
    }
    return arrays;
  };
  const arrays = {
    trainInputs: await open(trainInputs),
    trainLabels: await openLabels(spec.trainLabels),
    testInputs: await open(testInputs),
    testLabels: await openLabels(spec.testLabels),
  };
  return arraySplits(spec, arrays, selected?.input.shape, outputs, trainInputs);
}

/** Examples from an .npz file, a zip of .npy files. */
export async function openNpz(
  spec: NpzDataSpec,
  folder: string,
  selected?: SelectedInput,
  outputs?: readonly ModelTensor[],
): Promise<SourceSplits> {
  const where = resolvePath(folder, spec.file);
  const archive = await readRegularFile(where).catch((error: unknown) => {
    throw fileError(error, where);
  });
  const names = arrayNames(spec, selected);
  const wanted = new Set(
    [names.trainInputs, names.testInputs, ...names.trainLabels.values(), ...names.testLabels.values()].map(({ name }) => `${name}.npy`),
  );
  const present: string[] = [];
  const files = unzip(archive, where, (name) => {
    present.push(name.replace(/\.npy$/, ''));
    return wanted.has(name);
  });
  const open = ({ name, field, optional }: ArrayName): NpyArray | undefined => {
    const bytes = files[`${name}.npy`];
    if (bytes !== undefined) return readNpy(bytesInMemory(bytes), `${where} (${name})`);
    if (optional) return undefined;
    throw new EspalierError('invalid-data', `it has no array "${name}"`, { where, fix: `set "${field}" to one of ${present.join(', ')}` });
  };
  const openLabels = (labels: LabelNames): LabelArrays => {
    const only = labels.get('');
    if (only !== undefined) return open(only);
    return new Map(
      [...labels].flatMap(([output, name]) => [open(name)].flatMap((array) => (array === undefined ? [] : [[output, array] as const]))),
    );
  };
  const arrays = {
    trainInputs: open(names.trainInputs),
    trainLabels: openLabels(names.trainLabels),
    testInputs: open(names.testInputs),
    testLabels: openLabels(names.testLabels),
  };
  return arraySplits(spec, arrays, selected?.input.shape, outputs, where);
}

interface ArrayName {
  readonly name: string;
  readonly field: string;
  /** A usual name, not one that the spec gives. */
  readonly optional: boolean;
}

/** By output; one array for all has the name "". */
type LabelNames = ReadonlyMap<string, ArrayName>;

interface ArrayNames {
  readonly trainInputs: ArrayName;
  readonly testInputs: ArrayName;
  readonly trainLabels: LabelNames;
  readonly testLabels: LabelNames;
}

function arrayNames(spec: NpzDataSpec, selected: SelectedInput | undefined): ArrayNames {
  const named = (field: keyof NpzDataSpec, given: string | undefined, usual: string): ArrayName => ({
    name: given ?? usual,
    field,
    optional: given === undefined,
  });
  const own = (field: 'trainInputs' | 'testInputs'): string | undefined => {
    const given = spec[field];
    return given === undefined ? undefined : ownValue(given, selected, field);
  };
  const labels = (field: 'trainLabels' | 'testLabels', usual: string): LabelNames => {
    const given = spec[field];
    return typeof given === 'object'
      ? new Map(Object.entries(given).map(([output, name]) => [output, named(field, name, usual)]))
      : new Map([['', named(field, given, usual)]]);
  };
  const inputName = selected !== undefined && selected.all.length > 1 ? plainName(selected.input.name) : undefined;
  return {
    trainInputs: { ...named('trainInputs', own('trainInputs'), inputName ?? 'x_train'), optional: false },
    trainLabels: labels('trainLabels', 'y_train'),
    // An input has no usual name for its test examples, which are then a part of all.
    testInputs: named('testInputs', own('testInputs'), inputName === undefined ? 'x_test' : ''),
    testLabels: labels('testLabels', 'y_test'),
  };
}

/** Of the arrays unpacked: deflate makes nothing smaller than to a thousandth. */
const unpackedBytes = (fileBytes: number): number => Math.min(2 ** 32, fileBytes * 1100);

function unzip(archive: Uint8Array, where: string, wants: (name: string) => boolean): Readonly<Record<string, Uint8Array>> {
  const budget = { bytes: unpackedBytes(archive.length), entries: 4, nesting: 0 };
  const allowance = new Allowance(budget, where, 'invalid-data', 'write it again with numpy.savez, or use .npy files, which may be larger');
  try {
    return unzipSync(archive, {
      filter: (file) => {
        if (!wants(file.name)) return false;
        // Entries may lie over one another, and one name may come again and again.
        allowance.takeEntries(1, 'arrays that are read');
        allowance.takeBytes(file.originalSize);
        return true;
      },
    });
  } catch (error) {
    if (isEspalierError(error)) throw error;
    throw new EspalierError('invalid-data', 'it is not a sound .npz (zip) file', {
      where,
      fix: 'write it again with numpy.savez',
      cause: error,
    });
  }
}
