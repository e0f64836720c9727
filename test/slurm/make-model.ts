import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawDigit } from '../../src/core/data/generated/digits.ts';
import { createRandom } from '../../src/core/random.ts';

const cli = path.resolve('dist', 'cli.cjs');
const TRAINING_EXAMPLES = 400;
const TEST_EXAMPLES = 100;

/** The guide's network, trained for a few seconds on a few hundred generated digits, in IDX files as MNIST has them. */
export function makeModel(folder: string): void {
  const random = createRandom(1);
  mkdirSync(path.join(folder, 'digits'), { recursive: true });
  for (const [name, count] of [
    ['train', TRAINING_EXAMPLES],
    ['t10k', TEST_EXAMPLES],
  ] as const) {
    const labels = Array.from({ length: count }, (_, index) => index % 10);
    const images = labels.map((label) => drawDigit(label, random));
    writeFileSync(path.join(folder, 'digits', `${name}-labels-idx1-ubyte`), idx([count], [Uint8Array.from(labels)]));
    writeFileSync(path.join(folder, 'digits', `${name}-images-idx3-ubyte`), idx([count, 28, 28], images));
  }
  const data = JSON.stringify({ format: 'idx', folder: 'digits' });
  const training = ['--epochs=8', '--batch-size=16', '--learning-rate=0.003', '--threads=1'];
  const made = spawnSync(process.execPath, [cli, 'create', 'mnist-cnn', '-o', 'mnist.keras', '--data', data, ...training], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`the model was not made: ${made.stderr}`);
}

/** Of unsigned bytes. */
function idx(shape: readonly number[], contents: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, ...contents]);
}
