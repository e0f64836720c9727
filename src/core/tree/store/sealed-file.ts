/** Files that carry a digest of their own content, so that a changed one is found when it is read. */
import { EspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import { toFileError, hasCode, writeFileAtomically } from './atomic-files.ts';
import { digestBytes, digestOf } from './digest.ts';

const digestField = 'sha256';

/** Plain data as readable JSON; the digest is of what it means, so that it may be indented or sorted otherwise. */
export function sealedJson(value: object): string {
  return `${JSON.stringify({ ...value, [digestField]: digestOf(value) }, undefined, 2)}\n`;
}

/** Undefined when the text is not what was sealed. */
export function openSealedJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !(digestField in value)) return undefined;
    const { [digestField]: digest, ...content } = value;
    return digest === digestOf(content) ? content : undefined;
  } catch (error) {
    // No JSON, or nested deeper than anything that was sealed.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

export async function writeSealedJson(file: string, value: object): Promise<void> {
  await writeFileAtomically(file, sealedJson(value));
}

/**
 * Undefined where there is no such file.
 *
 * @param fix what to do about a damaged one
 * @throws EspalierError `file-access` when it is damaged
 */
export async function readSealedJson(file: string, fix: string): Promise<object | undefined> {
  let text: string;
  try {
    text = (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return undefined;
    throw toFileError(file, error);
  }
  const value = openSealedJson(text);
  if (value === undefined) throw new EspalierError('file-access', 'is damaged, or of an earlier version', { where: file, fix });
  return value;
}

const DIGEST_BYTES = 32;

/** Bytes preceded by a digest of them. @param context what the bytes are: bytes of another context do not match */
export function sealBytes(bytes: Uint8Array, context: string): Uint8Array {
  const sealed = new Uint8Array(DIGEST_BYTES + bytes.length);
  sealed.set(Buffer.from(digestBytes(context, bytes), 'hex'));
  sealed.set(bytes, DIGEST_BYTES);
  return sealed;
}

/** Undefined when they are not what was sealed. */
export function openBytes(sealed: Uint8Array, context: string): Uint8Array | undefined {
  const bytes = sealed.slice(DIGEST_BYTES);
  const digest = Buffer.from(sealed.subarray(0, DIGEST_BYTES)).toString('hex');
  return sealed.length >= DIGEST_BYTES && digest === digestBytes(context, bytes) ? bytes : undefined;
}
