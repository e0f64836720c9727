import path from 'node:path';
import { expect, it } from 'vitest';
import { EspalierError } from '../../../src/core/errors.ts';
import { decodableFiles } from '../../../src/core/data/files/decodable-files.ts';
import type { FileTree } from '../../../src/core/data/files/file-tree.ts';
import { KeptExamples } from '../../../src/core/data/kept-examples.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const contents = new Map([
  ['a.jpg', 'good'],
  ['b.jpg', 'bad'],
  ['c.jpg', 'another good one'],
]);
const tree: FileTree = {
  name: 'photos',
  paths: [...contents.keys()],
  read: (file) => Promise.resolve(Buffer.from(contents.get(file) ?? '')),
};
const files = tree.paths.map((file) => ({ tree, path: file }));

/** What is usable, what was decoded and the warnings. */
async function found(kept: KeptExamples | undefined, decoder = 'a decoder'): Promise<readonly (readonly string[])[]> {
  const decoded: string[] = [];
  const warnings: string[] = [];
  const decoding = {
    decoderOf: () => Promise.resolve(decoder),
    decode: (bytes: Uint8Array, where: string) => {
      decoded.push(where);
      if (Buffer.from(bytes).toString() === 'bad') throw new EspalierError('invalid-data', 'it is bad', { where });
    },
  };
  const usable = await decodableFiles(files, decoding, warnings, kept);
  return [usable.map((file) => file.path), decoded, warnings];
}

it('decodes each content once, in other processes too, and names what it leaves out each time', async () => {
  const folder = path.join(temporaryFolder(), 'examples');
  const all = ['photos/a.jpg', 'photos/b.jpg', 'photos/c.jpg'];
  const left = ['left out: photos/b.jpg: it is bad'];
  expect(await found(undefined)).toEqual([['a.jpg', 'c.jpg'], all, left]);
  expect(await found(new KeptExamples(folder))).toEqual([['a.jpg', 'c.jpg'], all, left]);
  expect(await found(new KeptExamples(folder))).toEqual([['a.jpg', 'c.jpg'], ['photos/b.jpg'], left]);
  // What one decoder reads another may not.
  expect(await found(new KeptExamples(folder), 'another')).toEqual([['a.jpg', 'c.jpg'], all, left]);
});
