import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stageKey } from '../../../src/core/tree/stage-key.ts';
import { writeFileAtomically, writeFolderAtomically } from '../../../src/core/tree/store/atomic-files.ts';
import { EventLog, readEvents } from '../../../src/core/tree/store/event-log.ts';
import { nodeFolder } from '../../../src/core/tree/store/run-store.ts';
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
});

describe('stage keys', () => {
  const root = { model: 'm', data: 'd', seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: true };
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
  it('stay inside the run whatever the model is called', () => {
    expect(nodeFolder('../a b/c', 'pruned/clustered')).toBe('.._a_b_c/pruned/clustered');
    expect(nodeFolder('..', 'ptq')).toBe('_../ptq');
  });
});
