import type { AudioDataSpec } from '../data-spec.ts';
import type { SourceSplits } from '../example-source.ts';
import { decodeWav } from '../audio/decode-wav.ts';
import { openFiles } from './file-source.ts';
import { speechCommandsSplit } from './speech-commands-split.ts';

/** WAV files by class. */
export function openAudioFolder(spec: AudioDataSpec, folder: string): Promise<SourceSplits> {
  return openFiles(spec, folder, {
    kind: 'sound',
    extensions: ['.wav'],
    decode: (bytes, where) => ({ kind: 'sound', ...decodeWav(bytes, where) }),
    ...(spec.split === 'speech-commands' ? { splitOf: speechCommandsSplit } : {}),
  });
}
