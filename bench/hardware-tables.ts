/**
 * The tables of docs/hardware.md, written into it between their comments.
 *
 * `npm run bench -- hardware-tables ethos-u VELA.json FOLDER…`: encoded weights and cycles of each file that VELA.json has
 * figures of, against ours. `npm run bench -- hardware-tables packed NAME=FOLDER…`: int8 files below each folder, plain,
 * compressed and packed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { profileTflite } from '../src/core/hardware/profile-tflite.ts';
import { parseTarget } from '../src/core/hardware/targets.ts';
import { fileSizes } from '../src/core/measure/file-sizes.ts';
import { packedSize, packTflite } from '../src/core/tflite/pack/pack-tflite.ts';
import { isEspalierError } from '../src/core/errors.ts';

const page = 'docs/hardware.md';

export function run([table, ...args]: readonly string[]): Promise<void> {
  const rows = table === 'ethos-u' ? ethosTable(args) : table === 'packed' ? packedTable(args) : undefined;
  if (table === undefined || rows === undefined) throw new Error('name the table: ethos-u or packed');
  const marks = [`<!-- table: ${table} -->`, `<!-- end of ${table} -->`] as const;
  const text = readFileSync(page, 'utf8');
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < 0) throw new Error(`${page} has no ${marks[0]}`);
  writeFileSync(page, `${text.slice(0, begin + marks[0].length)}\n\n${rows.join('\n')}\n\n${text.slice(end)}`);
  console.log(rows.join('\n'));
  return Promise.resolve();
}

/** What `vela-3.10.json` has of a file and an accelerator, as far as it is compared. */
interface VelaFigures {
  readonly totalCycles: number;
  /** Original and encoded, each with its unit. */
  readonly weights: readonly string[];
}

function ethosTable([figuresFile, ...folders]: readonly string[]): readonly string[] {
  if (figuresFile === undefined) throw new Error('give the JSON file of Vela’s figures');
  const figures = JSON.parse(readFileSync(figuresFile, 'utf8')) as Record<string, Record<string, VelaFigures>>;
  const errors: { readonly weights: number; readonly cycles: number }[] = [];
  const rows = Object.entries(figures).flatMap(([file, accelerators]) => {
    const found = folders.map((folder) => path.join(folder, file)).find((candidate) => existsSync(candidate));
    if (found === undefined) throw new Error(`${file} is in none of the folders`);
    const bytes = readFileSync(found);
    return Object.entries(accelerators).map(([name, { totalCycles, weights }]) => {
      const { npu } = profileTflite({ file, bytes, target: parseTarget(name) });
      const [ours, theirs] = [(npu?.weightBytes ?? 0) / 1024, Number(weights[2])];
      const [weightError, cycleError] = [ours / theirs - 1, (npu?.cycles ?? 0) / totalCycles - 1];
      errors.push({ weights: Math.abs(weightError), cycles: Math.abs(cycleError) });
      const cells = [file.replace('.tflite', ''), name, ours.toFixed(2), weights[2] ?? '', percent(weightError)];
      return row([...cells, count(npu?.cycles ?? 0), count(totalCycles), percent(cycleError)]);
    });
  });
  const most = (of: 'weights' | 'cycles'): string => percent(Math.max(...errors.map((error) => error[of])));
  return [
    '| File | Accelerator | Weights | Vela | | Cycles | Vela | |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `Largest error: ${most('weights')} of the weights, ${most('cycles')} of the cycles.`,
  ];
}

function packedTable(named: readonly string[]): readonly string[] {
  const rows = named.flatMap((argument) => {
    const [name = '', folder = ''] = argument.split('=');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tflite') && !file.endsWith('.packed.tflite'))
      .toSorted()
      .flatMap((file) => packedRow(name, file.replace(/(\/result\/model)?\.tflite$/, ''), readFileSync(path.join(folder, file))));
  });
  return [
    '| Network | File | Plain | gzip -9 | `small` | `fast` | `small`, stripped |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ];
}

/** None for files that compute in float; the plain size where nothing makes a file smaller. */
function packedRow(network: string, file: string, plain: Uint8Array): readonly string[] {
  const [small, fast] = [packedSize(plain, 'small'), packedSize(plain, 'fast')];
  if (small === undefined || fast === undefined) return [];
  const share = (bytes: number): string => `${count(bytes)} (${((100 * bytes) / plain.length).toFixed(0)}%)`;
  return [row([network, file, count(plain.length), share(fileSizes(plain).gzip), share(small), share(fast), strippedShare(plain, share)])];
}

function strippedShare(plain: Uint8Array, share: (bytes: number) => string): string {
  try {
    return share(packTflite(plain, { goal: 'small', strip: true }).bytes.length);
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return '–';
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)}%`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
