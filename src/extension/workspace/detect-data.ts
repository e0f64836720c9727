import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Entries examined in a folder, so that a large one does not take long. */
const mostEntries = 200;

/**
 * Data blocks for the data that a folder (or a single file) holds, by the names of its files; nothing is read of them.
 * Looks one level deep, so that data beside a model is found.
 */
export async function detectData(place: string): Promise<readonly object[]> {
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) return [];
  if (found.isFile()) return detectFile(place);
  const entries = (await readdir(place, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.')).slice(0, mostEntries);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const own = await detectFolder(place, files, folders);
  if (own.length > 0) return own;
  const below = await Promise.all(
    folders.map(async (folder) => {
      const inner = path.join(place, folder);
      const content = await readdir(inner, { withFileTypes: true }).catch(() => []);
      return detectFolder(
        inner,
        content.filter((entry) => entry.isFile()).map((entry) => entry.name),
        content.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
      );
    }),
  );
  return [...below.flat(), ...(await Promise.all(files.map((file) => detectFile(path.join(place, file))))).flat()];
}

async function detectFile(file: string): Promise<readonly object[]> {
  if (file.endsWith('.npz')) return [{ format: 'npz', file }];
  if (file.endsWith('.csv')) return [{ format: 'csv', file }];
  return [];
}

async function detectFolder(folder: string, files: readonly string[], folders: readonly string[]): Promise<readonly object[]> {
  if (files.some((file) => /-(images|labels)-?.?idx[13]-ubyte(\.gz)?$/.test(file))) return [{ format: 'idx', folder }];
  if (files.some((file) => /^(data_batch_\d+|train)\.bin(\.gz)?$/.test(file))) return [{ format: 'cifar-binary', folder }];
  const format = await formatOfClassFolders(folder, folders);
  return format === undefined ? [] : [{ format, folder }];
}

const splitNames = new Set(['train', 'training', 'test', 'testing', 'val', 'valid', 'validation']);

/** Classes are folders of files of one kind, perhaps under `train` and `test`, perhaps with folders within. */
async function formatOfClassFolders(folder: string, folders: readonly string[]): Promise<'images' | 'audio' | undefined> {
  const first = folders[0];
  if (first === undefined) return undefined;
  const content = await readdir(path.join(folder, first), { withFileTypes: true }).catch(() => []);
  if (content.some((entry) => /\.(png|jpe?g)$/i.test(entry.name))) return 'images';
  if (content.some((entry) => /\.wav$/i.test(entry.name))) return 'audio';
  const inner = content.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const goesOn = splitNames.has(first) || folder.split(path.sep).some((part) => splitNames.has(part));
  return goesOn ? formatOfClassFolders(path.join(folder, first), inner) : undefined;
}
