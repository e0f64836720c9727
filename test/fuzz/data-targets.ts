/** Small data files in every format, as originals for mutations. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { pack } from 'tar-stream';
import { decodeWav } from '../../src/core/data/audio/decode-wav.ts';
import type { DataSpec } from '../../src/core/data/spec/data-spec.ts';
import { decodeImage } from '../../src/core/data/images/decode-image.ts';
import { openData } from '../../src/core/data/open-data.ts';
import type { FuzzTarget } from './model-targets.ts';
import { npyFile } from '../unit/fixtures/npy.ts';
import { wavFile } from '../unit/fixtures/wav.ts';

/** `dispose` removes the temporary folder that the files are opened from. */
export async function dataTargets(): Promise<{ readonly targets: readonly FuzzTarget[]; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-fuzz-data-'));
  await writeFile(join(folder, 'labels'), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1));
  const opened = (name: string, original: Uint8Array, spec: DataSpec): FuzzTarget => ({
    name,
    original: new Uint8Array(original),
    read: async (bytes) => {
      await writeFile(join(folder, 'file'), bytes);
      const { train } = await openData({ ...spec, validation: 0 }, folder, { seed: 0 });
      await train.read(Uint32Array.from({ length: Math.min(train.size, 2) }, (_, index) => index));
    },
  });
  const decoded = (name: string, original: Uint8Array, decode: (bytes: Uint8Array) => unknown): FuzzTarget => ({
    name,
    original: new Uint8Array(original),
    read: async (bytes) => {
      await decode(bytes);
    },
  });
  const idxSpec: DataSpec = { format: 'idx', trainImages: 'file', trainLabels: 'labels', testImages: 'file', testLabels: 'labels' };
  const csv = Buffer.from('a,b,kind\n1,2,x\n3,4.5,"y"\n-1e3,,x\n7,8,y\n');
  const targets = [
    decoded('png', png(), (bytes) => decodeImage(bytes, 'file')),
    decoded('jpeg', jpeg(), (bytes) => decodeImage(bytes, 'file')),
    decoded(
      'wav',
      wavFile(
        Array.from({ length: 200 }, (_, index) => 0.03 * Math.sin(index)),
        '16',
        { sampleRate: 8000 },
      ),
      (bytes) => decodeWav(bytes, 'file'),
    ),
    opened('idx', idx(), idxSpec),
    opened('idx.gz', gzipSync(idx()), idxSpec),
    opened('npy', npyFile([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)), { format: 'npy', trainInputs: 'file' }),
    opened('npz', zipSync({ 'x_train.npy': npyFile([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)) }), { format: 'npz', file: 'file' }),
    opened('csv', csv, { format: 'csv', file: 'file', target: 'kind' }),
    opened('cifar', new Uint8Array(2 * 3073), { format: 'cifar-binary', train: ['file'] }),
    opened('tar.gz', await archive({ 'a/1.png': png(), 'b/1.png': png() }), {
      format: 'images',
      folder: 'file',
      testFraction: 0,
      preprocessing: { resize: [4, 4] },
    }),
  ];
  return { targets, dispose: () => rm(folder, { recursive: true, force: true }) };
}

function png(): Uint8Array {
  const image = new PNG({ width: 8, height: 8 });
  image.data.forEach((_, index) => {
    image.data[index] = (index * 7) % 256;
  });
  return PNG.sync.write(image);
}

function jpeg(): Uint8Array {
  return encode({ width: 16, height: 16, data: Uint8Array.from({ length: 1024 }, (_, index) => (index * 5) % 256) }, 80).data;
}

function idx(): Uint8Array {
  return Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
}

async function archive(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}
