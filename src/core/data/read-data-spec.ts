import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { EspalierError } from '../errors.ts';
import { readRegularFile } from '../regular-file.ts';
import { firstTooDeep, nestedTooDeep } from '../../shared/nesting.ts';
import type { DataSpec } from './spec/data-spec.ts';

/** A spec, and the folder that its paths are relative to. */
export interface LocatedDataSpec {
  readonly spec: DataSpec;
  readonly folder: string;
}

const example = '{ "format": "idx", "folder": "mnist" }';

/**
 * Reads a data block, or the JSON file (comments allowed) that holds one.
 *
 * @param folder what the path, or the paths of a block, are relative to
 * @throws EspalierError `file-access` or `invalid-data`, with the line of a mistake
 */
export async function readDataSpec(data: object | string, folder: string): Promise<LocatedDataSpec> {
  if (typeof data !== 'string') return { spec: requireDataSpec(data, 'data'), folder };
  const path = resolve(folder, data);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder)
    throw new EspalierError('invalid-data', 'is a folder, which does not say what the data in it are', {
      where: path,
      fix: `give a data block such as { "format": "images", "folder": ${JSON.stringify(data)}, "preprocessing": { "normalise": "imagenet" } }`,
    });
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    throw new EspalierError('file-access', 'cannot be read', {
      where: path,
      cause,
      fix: `give the path of a JSON file with a data block such as ${example}`,
    });
  });
  return { spec: requireDataSpec(parseJson(bytes.toString('utf8'), path), path), folder: dirname(path) };
}

/** Parses a data block, as given on a command line. */
export function parseDataSpec(text: string, where: string): DataSpec {
  return requireDataSpec(parseJson(text, where), where);
}

function parseJson(text: string, where: string): unknown {
  if (firstTooDeep(text) !== undefined)
    throw new EspalierError('invalid-data', nestedTooDeep, { where, fix: `write a data block such as ${example}` });
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const before = text.slice(0, error.offset).split('\n');
    throw new EspalierError(
      'invalid-data',
      `is not JSON: ${printParseErrorCode(error.error)} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`,
      { where, fix: `write a data block such as ${example}` },
    );
  }
  return value;
}

function requireDataSpec(value: unknown, where: string): DataSpec {
  if (!isDataSpec(value))
    throw new EspalierError('invalid-data', 'is not a data block: it has no "format"', { where, fix: `write one such as ${example}` });
  return value;
}

/** The format's own fields are checked where the data are opened. */
function isDataSpec(value: unknown): value is DataSpec {
  return typeof value === 'object' && value !== null && 'format' in value && typeof value.format === 'string';
}
