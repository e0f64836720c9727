import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Data for the network of `packable-model.ts`, [8, 8, 16] and ten classes with names: no camera gives that, so they are
 * raw numbers. Returns the path of the data block.
 */
export async function createExampleData(folder: string): Promise<string> {
  const examples = 40;
  const values = Int8Array.from({ length: examples * 8 * 8 * 16 }, (_, i) => ((i * 37) % 251) - 125);
  await writeFile(path.join(folder, 'x.i8'), new Uint8Array(values.buffer));
  await writeFile(path.join(folder, 'y.csv'), Array.from({ length: examples }, (_, i) => `${i % 10}\n`).join(''));
  const block = {
    format: 'raw',
    train: { inputs: 'x.i8', labels: 'y.csv' },
    shape: [8, 8, 16],
    type: 'int8',
    labelColumn: 0,
    classNames: Array.from({ length: 10 }, (_, i) => `c${i}`),
    preprocessing: { scale: 0.5, offset: 1 },
  };
  const file = path.join(folder, 'data.json');
  await writeFile(file, JSON.stringify(block));
  return file;
}
