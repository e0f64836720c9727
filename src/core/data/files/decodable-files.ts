/** Which files can be decoded, where those that cannot are left out: known before sets are split. */
import { createHash } from 'node:crypto';
import { isEspalierError } from '../../errors.ts';
import type { KeptExamples } from '../kept-examples.ts';
import type { BackgroundFile } from './classed-files.ts';

export interface Decoding {
  /** @throws EspalierError that names the file */
  readonly decode: (bytes: Uint8Array, where: string) => unknown;
  /** With its version, where it may be kept that a file can be decoded. */
  readonly decoderOf?: ((bytes: Uint8Array) => Promise<string>) | undefined;
}

/** Kept of a file that can be decoded; of others nothing is, since their reason has to be given. */
const decodes = Uint8Array.of(1);

/**
 * @param warnings get the reason of each file that is left out
 * @param kept so that a run's stages, processes and threads decode each content once
 */
export async function decodableFiles<F extends BackgroundFile>(
  list: readonly F[],
  { decode, decoderOf }: Decoding,
  warnings: string[],
  kept?: KeptExamples,
): Promise<readonly F[]> {
  const usable: F[] = [];
  for (const file of list) {
    try {
      const bytes = await file.tree.read(file.path);
      const key = kept && decoderOf && keyOf(bytes, await decoderOf(bytes));
      if (key === undefined || (await kept?.get(key, decodes.length)) === undefined) {
        await decode(bytes, `${file.tree.name}/${file.path}`);
        if (key !== undefined) await kept?.put(key, decodes);
      }
      usable.push(file);
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      warnings.push(`left out: ${error.message}`);
    }
  }
  return usable;
}

function keyOf(bytes: Uint8Array, decoder: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ decodesWith: decoder }))
    .update(bytes)
    .digest('hex');
}
