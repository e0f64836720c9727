import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import type { CsvDataSpec } from '../../../src/core/data/spec/csv-spec.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Opened {
  readonly rows: readonly (readonly number[])[];
  readonly classes: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

type Options = Omit<CsvDataSpec, 'format' | 'file'>;

function open(lines: readonly string[], spec: Options): Promise<Opened> {
  return openBytes(Buffer.from(lines.join('\n')), spec);
}

async function openBytes(bytes: Uint8Array, spec: Options): Promise<Opened> {
  await writeFile(join(folder, 'table.csv'), bytes);
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const all: CsvDataSpec = { format: 'csv', file: 'table.csv', validation: 0, testFraction: 0, ...spec };
  const { train } = await openData(all, folder, { seed: 0, onWarning });
  const { inputs } = await train.read(Uint32Array.from({ length: train.size }, (_, i) => i));
  const width = train.inputShapes[0]?.[0] ?? 0;
  const rows = Array.from({ length: train.size }, (_, i) => [...(inputs[0]?.subarray(i * width, (i + 1) * width) ?? [])]);
  return { rows: rows.sort(), classes: train.target.kind === 'classes' ? train.target.names : undefined, warnings };
}

/** As in the UCI repository: no names. */
const iris = ['5,3.5,1.5,setosa', '7,3,4.5,versicolor', '6,3,6,virginica'];
const values = [
  [5, 3.5, 1.5],
  [6, 3, 6],
  [7, 3, 4.5],
];

describe('the first line of a table', () => {
  it('is an example where it holds numbers; columns are called by their index', async () => {
    expect(await open(iris, { target: '3' })).toEqual({ rows: values, classes: ['setosa', 'versicolor', 'virginica'], warnings: [] });
    expect((await open(iris, { target: '0', task: 'regression', features: ['2'] })).rows).toEqual([[1.5], [4.5], [6]]);
  });

  it.each([
    ['holds no numbers', 'a,b,c,kind', 'kind'],
    ['names the target among numbers', '0,1,2,kind', 'kind'],
  ])('is the header where it %s', async (_, header, target) => {
    expect((await open([header, ...iris], { target })).rows).toEqual(values);
  });

  it('is an example where it holds names only, and the target is an index', async () => {
    const { classes, rows } = await open(['red,round,yes', 'blue,square,no'], { target: '2', categorical: ['0', '1'] });
    expect(classes).toEqual(['no', 'yes']);
    expect(rows).toEqual([
      [0, 1, 1, 0],
      [1, 0, 0, 1],
    ]);
  });

  it('is what "header" says', async () => {
    expect((await open(['1,2,3', '4,5,6', '7,8,9'], { target: '3', header: true })).rows).toEqual([
      [4, 5],
      [7, 8],
    ]);
    expect((await open(['a,b', 'c,d'], { target: '1', header: false, categorical: ['0'] })).classes).toEqual(['b', 'd']);
  });

  it.each<[string, readonly string[], Options, RegExp]>([
    [
      'a name where there are none',
      iris,
      { target: 'species' },
      /data\.target: there is no column "species" in .*table\.csv; the file has no header line, so that its columns are called "0" to "3"/,
    ],
    ['an index beyond the last', iris, { target: '4' }, /no column "4" in .* called "0" to "3"; set "header" to true if it has one/],
    ['another separator', ['a;b', '1;2'], { target: 'b' }, /no column "b" in .*; set "separator" to ";"/],
    ['another separator, by its second line', ['a;b', '1,5;2'], { target: 'b' }, /row 2 has 2 cells, .*; set "separator" to ";"/],
    ['columns of one name', ['a,a,kind', '1,2,x', '3,4,y'], { target: 'kind' }, /table\.csv: two columns are called "a"; give each/],
    ['an empty file', [], { target: '1' }, /table\.csv: it is empty|it has no rows/],
    ['a short row', [...iris, '5,4'], { target: '3' }, /row 4 has 2 cells, but the first row has 4/],
    ['features that name nothing', iris, { target: '3', features: [] }, /data\.features: it names no column/],
    [
      'a number that is none',
      iris,
      { target: '0', features: ['3'] },
      /table\.csv, line 1: column "3" holds "setosa", which is not a number/,
    ],
  ])('explains %s', async (_, lines, spec, message) => {
    await expect(open(lines, spec)).rejects.toThrow(message);
  });

  it('says which columns of text are left out', async () => {
    const { rows, warnings } = await open(['size,colour,kind', '1,red,a', '2,blue,b'], { target: 'kind' });
    expect(rows).toEqual([[1], [2]]);
    expect(warnings).toEqual([expect.stringMatching(/table\.csv: "colour" left out for cells that are not numbers; .*"categorical"/)]);
  });
});

describe('the text of a table', () => {
  const text = 'size,kind\n1,é\n2,ü\n';
  const expected = { rows: [[1], [2]], classes: ['é', 'ü'], warnings: [] };

  it.each<[string, Uint8Array]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16, as spreadsheets write it', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, high bytes first', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['lines as on Windows', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['lines as on an old Mac', Buffer.from(text.replaceAll('\n', '\r'))],
  ])('is read in %s', async (_, bytes) => {
    expect(await openBytes(bytes, { target: 'kind' })).toEqual(expected);
  });

  it('is refused in Latin-1, where both classes would become one unknown letter', async () => {
    await expect(openBytes(Buffer.from(text, 'latin1'), { target: 'kind' })).rejects.toThrow(
      /table\.csv: it is not text in UTF-8; save it as UTF-8/,
    );
  });
});

it('says what was left out where the rest does not fit the model', async () => {
  await writeFile(join(folder, 'table.csv'), 'a,b,kind\n"1,000",2,x\n"3,000",4,y\n');
  const spec: CsvDataSpec = { format: 'csv', file: 'table.csv', target: 'kind' };
  await expect(openData(spec, folder, { seed: 0, modelInputs: [{ name: 'x', shape: [2] }] })).rejects.toThrow(
    /its examples are \[1\], but the model takes \[2\] \(.*table\.csv: "a" left out for cells that are not numbers/,
  );
});
