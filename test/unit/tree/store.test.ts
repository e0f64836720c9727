import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageKey } from '../../../src/core/tree/stage-key.ts';
import { isTemporary, removeLeftovers, writeFileAtomically, writeFolderAtomically } from '../../../src/core/tree/store/atomic-files.ts';
import { damagedEventsFile, EventLog, readEventLog, readEvents } from '../../../src/core/tree/store/event-log.ts';
import { folderName } from '../../../src/core/tree/store/folder-names.ts';
import { nodeFolder, stageStore } from '../../../src/core/tree/store/run-store.ts';
import { decodeStructure, encodeStructure } from '../../../src/core/tree/store/structured-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('structured files', () => {
  it('give back maps, typed arrays and plain values as they were', () => {
    const value = {
      network: { name: 'n', parameters: new Map([['a/kernel', { shape: [2, 2], data: Float32Array.of(1, -0.5, 0, 3e-8) }]]) },
      masks: new Map([['a', [{ mask: Uint8Array.of(0, 1, 1), axis: undefined }]]]),
      none: new Float32Array(0),
    };
    expect(decodeStructure(encodeStructure(value), 'x')).toEqual(value);
  });

  it('are the same bytes for the same data', () => {
    const make = (): Uint8Array => encodeStructure({ a: new Map([['x', Float32Array.of(1, 2)]]) });
    expect(Buffer.compare(make(), make())).toBe(0);
  });

  it('refuse what is cut off or foreign', () => {
    const bytes = encodeStructure({ a: Float32Array.of(1, 2, 3) });
    expect(() => decodeStructure(bytes.subarray(0, 8), 'model.espalier')).toThrow('model.espalier: is damaged');
    expect(() => decodeStructure(bytes.subarray(0, bytes.length - 8), 'model.espalier')).toThrow('model.espalier: is damaged');
    expect(() => decodeStructure(Uint8Array.of(1, 2, 3), 'model.espalier')).toThrow('is damaged');
  });
});

describe('atomic writes', () => {
  it('leave the first of two folders that hold the same, and nothing else', async () => {
    const folder = temporaryFolder();
    await writeFolderAtomically(path.join(folder, 'node'), new Map([['a', 'first']]));
    await writeFolderAtomically(path.join(folder, 'node'), new Map([['a', 'second']]));
    expect(readdirSync(folder)).toEqual(['node']);
    expect(readFileSync(path.join(folder, 'node', 'a'), 'utf8')).toBe('first');
  });

  it('leave nothing behind when they fail', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'file'), '');
    await expect(writeFileAtomically(path.join(folder, 'file', 'x'), 'text')).rejects.toThrow(
      'a part of the path is a file; use another folder',
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('what killed processes left', () => {
  it('is removed where no other process can be at work, also with a time that a clock ahead of this one gave it', async () => {
    const folder = temporaryFolder();
    const left = path.join(folder, '.a.bin.0123456789ab.tmp');
    const other = path.join(folder, 'a.bin');
    for (const file of [left, other]) writeFileSync(file, '');
    const ahead = Date.now() / 1000 + 3600;
    utimesSync(left, ahead, ahead);
    expect(isTemporary(path.basename(left))).toBe(true);
    await removeLeftovers(folder, 60_000);
    expect(existsSync(left)).toBe(true);
    await removeLeftovers(folder, 0);
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });
});

describe('the event log', () => {
  it('goes on after a line that a killed process left unfinished', () => {
    const file = path.join(temporaryFolder(), 'events.jsonl');
    const first = new EventLog(
      file,
      () => undefined,
      () => 5,
    );
    first.append({ type: 'node-started', model: 'm', node: 'baseline' });
    first.close();
    appendFileSync(file, '{"type":"node-prog');
    expect(readEvents(file)).toEqual([{ type: 'node-started', model: 'm', node: 'baseline', time: 5, sequence: 0 }]);
    const followed: number[] = [];
    const second = new EventLog(
      file,
      ({ sequence }) => followed.push(sequence),
      () => 6,
    );
    second.append({ type: 'run-finished', outcome: 'done', reason: '' });
    second.close();
    expect(followed).toEqual([1]);
    expect(readEvents(file).map(({ type, sequence }) => [type, sequence])).toEqual([
      ['node-started', 0],
      ['run-finished', 1],
    ]);
  });

  it('writes nothing once it is closed, when its number may be that of another file', () => {
    const folder = temporaryFolder();
    const log = new EventLog(path.join(folder, 'events.jsonl'), () => undefined);
    log.close();
    const other = openSync(path.join(folder, 'other'), 'w');
    expect(() => log.append({ type: 'node-started', model: 'm', node: 'a' })).toThrow('the log is closed');
    closeSync(other);
    expect(readFileSync(path.join(folder, 'other'), 'utf8')).toBe('');
  });
});

describe('a damaged event log', () => {
  const write = (): string => {
    const file = path.join(temporaryFolder(), 'events.jsonl');
    const log = new EventLog(
      file,
      () => undefined,
      () => 7,
    );
    for (const node of ['a', 'b', 'c']) log.append({ type: 'node-started', model: 'm', node });
    log.close();
    return file;
  };
  const change = (file: string, edit: (lines: string[]) => string[]): void =>
    writeFileSync(file, edit(readFileSync(file, 'utf8').trimEnd().split('\n')).join('\n') + '\n');

  it.each<readonly [string, number, (lines: string[]) => string[]]>([
    ['a changed letter', 2, ([a = '', b = '', c = '']) => [a, b.replace('"b"', '"x"'), c]],
    ['a line less', 2, ([a = '', , c = '']) => [a, c]],
    ['two lines swapped', 1, ([a = '', b = '', c = '']) => [b, a, c]],
    ['a line twice', 2, ([a = '', b = '']) => [a, a, b]],
    ['a line without a digest', 3, ([a = '', b = '', c = '']) => [a, b, c.replace(/,"check":"\w+"/, '')]],
    ['something else', 1, () => ['[]', 'null']],
  ])('is told from %s', (_what, line, edit) => {
    const file = write();
    change(file, edit);
    expect(readEventLog(file)).toMatchObject({ damagedLine: line, events: { length: line - 1 } });
    expect(() => readEvents(file)).toThrow(`line ${line} is damaged`);
  });

  it('is told in the part that follows an earlier one', () => {
    const file = write();
    const whole = readEventLog(file);
    const first = readFileSync(file, 'utf8').indexOf('\n') + 1;
    expect(readEventLog(file, first)).toEqual({ ...whole, events: whole.events.slice(1) });
    expect(readEventLog(file, whole.end)).toEqual({ ...whole, events: [] });
    expect(readEventLog(file, first - 2).damagedLine).toBe(1);
    change(file, ([a = '', b = '', c = '']) => [a.replace('"a"', '"x"'), b, c]);
    // The changed line was read before: what follows is as it was written after that.
    expect(readEventLog(file, first)).toEqual({ ...whole, events: whole.events.slice(1) });
    change(file, ([a = '', b = '', c = '']) => [a, b, c.replace('"c"', '"x"')]);
    expect(readEventLog(file, first)).toMatchObject({ damagedLine: 2, events: [{ node: 'b' }] });
  });

  it('is gone on with from what is intact, and kept', () => {
    const file = write();
    change(file, ([a = '', b = '', c = '']) => [a, b.replace('"b"', '"x"'), c]);
    const damaged = readFileSync(file, 'utf8');
    const log = new EventLog(
      file,
      () => undefined,
      () => 8,
    );
    expect(log.damagedLine).toBe(2);
    log.append({ type: 'node-started', model: 'm', node: 'd' });
    log.close();
    expect(readEvents(file)).toMatchObject([
      { node: 'a', sequence: 0 },
      { node: 'd', sequence: 1 },
    ]);
    expect(readFileSync(path.join(path.dirname(file), damagedEventsFile), 'utf8')).toBe(damaged);
  });
});

describe('a checkpoint', () => {
  it('is given back as it was saved, and not when it was changed or is of other work', async () => {
    const runFolder = temporaryFolder();
    const warnings: string[] = [];
    const store = (key: string) =>
      stageStore({
        runFolder,
        cacheFolder: path.join(runFolder, 'cache'),
        model: 'm',
        node: 'n',
        key,
        warn: (message) => warnings.push(message),
      });
    const [key, other] = ['0123456789abcdef-a', '0123456789abcdef-b'];
    await store(key).checkpoint.save(Uint8Array.of(1, 2, 3));
    expect(await store(key).checkpoint.load()).toEqual(Uint8Array.of(1, 2, 3));
    const file = path.join(runFolder, 'm', 'n', 'checkpoint-0123456789abcdef');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = 4;
    writeFileSync(file, bytes);
    expect(await store(key).checkpoint.load()).toBeUndefined();
    expect(warnings).toEqual(['the checkpoint is damaged: this stage starts from its beginning']);
    await store(key).checkpoint.save(Uint8Array.of(1, 2, 3));
    expect(await store(other).checkpoint.load()).toBeUndefined();
  });
});

describe('stage keys', () => {
  const root = { model: 'm', data: 'd', seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: true, pack: 'small' };
  const pruning = { technique: 'pruning', options: { sparsity: 0.5 } } as const;

  it('do not depend on the order of fields', () => {
    expect(stageKey('p', { technique: 'pruning', options: { sparsity: 0.5, epochs: 1 } }, [])).toBe(
      stageKey('p', { technique: 'pruning', options: { epochs: 1, sparsity: 0.5 } }, []),
    );
  });

  it('change with each thing that the result depends on', () => {
    const changed = [
      stageKey(root, pruning, []),
      ...Object.keys(root).map((field) =>
        stageKey({ ...root, [field]: field === 'seed' ? 1 : field === 'latency' ? false : 'x' }, pruning, []),
      ),
      stageKey(root, { technique: 'pruning', options: { sparsity: 0.6 } }, []),
      stageKey(root, pruning, [{ pattern: 'conv*', sparsity: 0.2 }]),
    ];
    expect(new Set(changed).size).toBe(changed.length);
  });

  it("do not change with a layer's rule for another technique", () => {
    expect(stageKey(root, pruning, [{ pattern: 'conv*', clusters: 4 }])).toBe(stageKey(root, pruning, []));
  });
});

describe('node folders', () => {
  it('are called as the node where a folder can be', () => {
    expect(nodeFolder('mnist_28x28.v2', 'pruned-2/clustered')).toBe('mnist_28x28.v2/pruned-2/clustered');
    expect(nodeFolder('MobileNet', 'ptq')).toBe('MobileNet/ptq');
  });

  it('are one for each name, whatever the names are', () => {
    const names = [
      ...[
        '数字',
        '模型',
        'a b',
        'a_b',
        'a  b',
        'a/b',
        '../a',
        '..',
        '.',
        '',
        ' ',
        'a.',
        'a',
        'é',
        'e\u0301',
        '😀',
        '_',
        '_~',
        'CON',
        'nul.txt',
      ],
      ...[
        'result',
        'recipe.json',
        'events.jsonl',
        'owner.json',
        'report.html',
        'checkpoint-1',
        `${'x'.repeat(300)}1`,
        `${'x'.repeat(300)}2`,
      ],
    ];
    const folders = names.map(folderName);
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(names.length);
    for (const folder of folders) {
      expect(folder).toMatch(/^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}$/);
      expect(folder).not.toMatch(/\.$|^(result|con|nul\.txt|recipe\.json|events\.jsonl|owner\.json|report\.html|checkpoint-1)$/i);
      // Names that are encoded stay apart from those that are not: no plain name has a tilde.
      expect(folder === folderName(folder) || folder.includes('~')).toBe(true);
    }
    expect(path.posix.normalize(nodeFolder('../..', '../x'))).toBe(nodeFolder('../..', '../x'));
  });
});
