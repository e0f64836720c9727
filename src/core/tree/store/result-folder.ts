/**
 * A stage's result as a folder: its files, and in `manifest.json` the key of the work with the size and SHA-256 of each
 * file. A folder appears at once and complete; what has changed since is found when it is read, and never believed.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isRecord } from '../../../shared/checked-json.ts';
import type { DensityPlot, NodeMetrics } from '../../../shared/results.ts';
import type { Expectations } from '../../constraints/expectation.ts';
import { EspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import type { Mistakes } from '../../scoring/mistakes.ts';
import type { StageOutcome } from '../stages/stage-runner.ts';
import { toFileError, hasCode, writeFolderAtomically } from './atomic-files.ts';
import { digestBytes } from './digest.ts';
import { openSealedJson, sealedJson } from './sealed-file.ts';

export const resultFiles = {
  /** Weights, constraints and ranges, for the stages below. */
  model: 'model.espalier',
  tflite: 'model.tflite',
  packed: 'model.packed.tflite',
  metrics: 'metrics.json',
  densities: 'densities.json',
  /** What the certificate compares with. */
  expectations: 'expectations.json',
  certificate: 'certificate.json',
  /** The test examples that a classifier gets wrong. */
  mistakes: 'mistakes.json',
} as const;

const manifestFile = 'manifest.json';

interface Manifest {
  readonly version: 1;
  /** Content address of the work. */
  readonly key: string;
  readonly files: Readonly<Record<string, FileDigest>>;
}

interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** The state of a folder: missing, a result of other work, a changed result, or the result. */
export type FoundResult =
  | { readonly kind: 'none' | 'other' }
  | { readonly kind: 'damaged'; readonly problems: readonly string[] }
  | { readonly kind: 'sound'; readonly key: string; readonly outcome: StageOutcome };

/** Another process may have written the same folder first: its result stays, and is the same. */
export async function writeResult(folder: string, key: string, outcome: StageOutcome): Promise<void> {
  const { files, metrics, densities, expectations, mistakes } = outcome;
  const contents = new Map<string, Uint8Array | string>([
    [resultFiles.model, files.model],
    [resultFiles.tflite, files.tflite],
    ...(files.packed === undefined ? [] : [[resultFiles.packed, files.packed] as const]),
    [resultFiles.metrics, json(metrics)],
    [resultFiles.densities, json(densities)],
    ...(expectations === undefined ? [] : [[resultFiles.expectations, json(expectations)] as const]),
    ...(metrics.certificate === undefined ? [] : [[resultFiles.certificate, json(metrics.certificate)] as const]),
    // One entry an example: without line breaks.
    ...(mistakes === undefined ? [] : [[resultFiles.mistakes, JSON.stringify(mistakes)] as const]),
  ]);
  const manifest: Manifest = {
    version: 1,
    key,
    files: Object.fromEntries(
      [...contents].map(([name, content]) => [name, { bytes: Buffer.byteLength(content), sha256: digestBytes(content) }]),
    ),
  };
  await writeFolderAtomically(folder, new Map([...contents, [manifestFile, sealedJson(manifest)]]));
}

/**
 * Reads a result and compares every file with the manifest.
 *
 * @param key of the work whose result is wanted; without it a result of any work
 */
export async function readResult(folder: string, key?: string): Promise<FoundResult> {
  const present = await list(folder);
  if (present === undefined) return { kind: 'none' };
  const manifest = await readManifest(folder);
  if (manifest === undefined) return unlessRemoved(folder, [`${manifestFile} is missing or damaged`]);
  if (key !== undefined && manifest.key !== key) return { kind: 'other' };
  const contents = new Map<string, Uint8Array>();
  const problems: string[] = [];
  for (const [name, expected] of Object.entries(manifest.files)) {
    const read = await readAsWritten(folder, name, expected);
    if (typeof read === 'string') problems.push(read);
    else contents.set(name, read);
  }
  for (const name of [resultFiles.model, resultFiles.tflite, resultFiles.metrics, resultFiles.densities])
    if (manifest.files[name] === undefined) problems.push(`${manifestFile} does not list ${name}`);
  // Users and file managers put files of their own beside a result's; one with the name of a result's file would be taken for it.
  for (const name of Object.values(resultFiles))
    if (present.includes(name) && manifest.files[name] === undefined) problems.push(`${name} is not part of the result`);
  if (problems.length === 0) return { kind: 'sound', key: manifest.key, outcome: outcomeOf(contents) };
  return unlessRemoved(folder, problems);
}

/**
 * The `.tflite` of a result, as it was written.
 *
 * @throws EspalierError `file-access` where the result is missing or was changed
 */
export async function soundTflite(folder: string): Promise<Uint8Array> {
  const found = await readResult(folder);
  if (found.kind === 'sound') return found.outcome.files.tflite;
  throw new EspalierError('file-access', found.kind === 'damaged' ? `is damaged: ${found.problems.join('; ')}` : 'is missing', {
    where: folder,
    fix: 'resume the run: what is damaged is made again',
  });
}

/** Another process may remove the folder while it is read: that is no damage. */
async function unlessRemoved(folder: string, problems: readonly string[]): Promise<FoundResult> {
  return (await list(folder)) === undefined ? { kind: 'none' } : { kind: 'damaged', problems };
}

/** Undefined where there is no such folder. */
async function list(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return undefined;
    // A file in place of the folder.
    if (hasCode(error) && error.code === 'ENOTDIR') return [];
    throw toFileError(folder, error);
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = openSealedJson((await readRegularFile(path.join(folder, manifestFile))).toString('utf8'));
    return manifest !== undefined && isManifest(manifest) ? manifest : undefined;
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}

function isManifest(value: object): value is Manifest {
  return (
    isRecord(value) &&
    value['version'] === 1 &&
    typeof value['key'] === 'string' &&
    isRecord(value['files']) &&
    Object.entries(value['files']).every(
      ([name, file]) =>
        path.basename(name) === name && isRecord(file) && typeof file['bytes'] === 'number' && typeof file['sha256'] === 'string',
    )
  );
}

/** The bytes, or what is wrong with them. Only what has the right size is read. */
async function readAsWritten(folder: string, name: string, { bytes, sha256 }: FileDigest): Promise<Uint8Array | string> {
  const file = path.join(folder, name);
  try {
    const found = await stat(file);
    if (!found.isFile()) return `${name} is not a file`;
    if (found.size !== bytes) return `${name} has ${found.size} bytes instead of ${bytes}`;
    const content = new Uint8Array(await readFile(file));
    return digestBytes(content) === sha256 ? content : `${name} has other bytes than were written`;
  } catch (error) {
    if (hasCode(error)) return `${name} is missing or not readable`;
    throw error;
  }
}

/** The digests match, so the content has the types that were written. */
function outcomeOf(contents: ReadonlyMap<string, Uint8Array>): StageOutcome {
  const bytesOf = (name: string): Uint8Array => contents.get(name) ?? new Uint8Array();
  const parse = <T>(name: string): T => JSON.parse(new TextDecoder().decode(bytesOf(name))) as T;
  return {
    files: { model: bytesOf(resultFiles.model), tflite: bytesOf(resultFiles.tflite), packed: contents.get(resultFiles.packed) },
    metrics: parse<NodeMetrics>(resultFiles.metrics),
    densities: parse<readonly DensityPlot[]>(resultFiles.densities),
    expectations: contents.has(resultFiles.expectations) ? parse<Expectations>(resultFiles.expectations) : undefined,
    mistakes: contents.has(resultFiles.mistakes) ? parse<Mistakes>(resultFiles.mistakes) : undefined,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
