import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRequest } from '../../../../src/execution/job/job-request.ts';
import { RunJobFolder } from '../../../../src/execution/slurm/job-folder.ts';
import { readLedger } from '../../../../src/execution/slurm/ledger.ts';
import type { LedgerEntry } from '../../../../src/execution/slurm/ledger.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const request: JobRequest = {
  version: 1,
  code: 'c',
  engine: { name: 'onnxruntime-node', description: 'e', threads: 1 },
  runtime: 'r',
  stageData: false,
  model: 'm',
  data: 'd',
  place: { model: 'net', runFolder: '/run', cacheFolder: '/cache', ignoreCache: false, rules: [] },
  tasks: [],
};

function open(): { readonly run: string; readonly folder: RunJobFolder; readonly write: (file: string, text: string) => void } {
  const run = temporaryFolder();
  return {
    run,
    folder: new RunJobFolder(run),
    write(file, text) {
      mkdirSync(path.dirname(path.join(run, 'jobs', file)), { recursive: true });
      writeFileSync(path.join(run, 'jobs', file), text);
    },
  };
}

describe('the files of jobs', () => {
  it('are none before the first submission', async () => {
    const { folder } = open();
    expect((await folder.records()).size).toBe(0);
    expect(await folder.endRecord('1-0')).toBeUndefined();
    expect(await folder.events('1-0', 0)).toEqual({ events: [], offset: 0 });
    expect(await folder.ledger()).toEqual([]);
    expect(await folder.lastLines('1_0')).toEqual([]);
  });

  it('are a request and a script for each submission, and folders for what jobs leave', async () => {
    const { run, folder } = open();
    const script = await folder.writeSubmission(3, request, (file) => `run ${file}`);
    expect(readFileSync(script, 'utf8')).toBe(`run ${path.join(run, 'jobs', 'requests', '3.json')}`);
    expect(JSON.parse(readFileSync(path.join(run, 'jobs', 'requests', '3.json'), 'utf8'))).toEqual(request);
    expect(existsSync(folder.logFolder)).toBe(true);
  });

  it('count as not there while they are not whole, or are something else', async () => {
    const { folder, write } = open();
    write('records/1-0.ended.json', '{"version":1,"outcome":"done","cached":fal');
    write('records/2-0.ended.json', '{"version":1,"outcome":"eaten"}');
    write('records/3-0.ended.json', '{"version":1,"outcome":"done","cached":false,"seconds":2.5}');
    write('records/3-0.started.json', '{"version":2}');
    expect(await folder.endRecord('1-0')).toBeUndefined();
    expect(await folder.endRecord('2-0')).toBeUndefined();
    expect(await folder.endRecord('3-0')).toMatchObject({ outcome: 'done', seconds: 2.5 });
    expect(await folder.startRecord('3-0')).toBeUndefined();
    expect(await folder.records()).toEqual(new Set(['1-0.ended.json', '2-0.ended.json', '3-0.ended.json', '3-0.started.json']));
  });

  it('of events are read on from where they ended, whole lines only, and not what is no event', async () => {
    const { run, folder, write } = open();
    write('events/1-0.jsonl', '{"kind":"warning","message":"ä"}\n{"kind":"wor');
    const first = await folder.events('1-0', 0);
    expect(first.events).toEqual([{ kind: 'warning', message: 'ä' }]);
    // The job was killed in the middle of a line, and went on behind it.
    appendFileSync(
      path.join(run, 'jobs', 'events', '1-0.jsonl'),
      '{"kind":"progress","phase":"training","fraction":0.5}\n{"kind":"warning","message":"b"}\n',
    );
    expect((await folder.events('1-0', first.offset)).events).toEqual([{ kind: 'warning', message: 'b' }]);
  });

  it('of output give their last lines, however long they are', async () => {
    const { folder, write } = open();
    write('logs/12_3.log', `${Array.from({ length: 100_000 }, (_, line) => `line ${line}`).join('\n')}\n`);
    const lines = await folder.lastLines('12_3');
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toBe('line 99999');
  });
});

describe('the ledger', () => {
  const planned = (submission: number, ...nodes: readonly string[]): LedgerEntry => ({
    kind: 'planned',
    submission,
    user: 'ann',
    tasks: nodes.map((node, index) => ({ index, model: 'net', node, key: `k-${node}` })),
  });

  it('names the jobs whose end was not reported', () => {
    const { open: jobs, nextSubmission } = readLedger([
      planned(1, 'baseline'),
      { kind: 'submitted', submission: 1, job: '40' },
      planned(2, 'pruned', 'qat', 'ptq'),
      { kind: 'submitted', submission: 2, job: '41' },
      { kind: 'ended', task: '1-0' },
      { kind: 'ended', task: '2-2' },
      { kind: 'relayed', task: '2-1', offset: 120 },
      planned(3, 'clustered'),
      { kind: 'refused', submission: 3 },
      planned(4, 'clustered'),
    ]);
    expect(nextSubmission).toBe(5);
    expect(jobs).toEqual([
      { place: { submission: 2, index: 0 }, model: 'net', node: 'pruned', key: 'k-pruned', user: 'ann', job: '41', relayed: 0 },
      { place: { submission: 2, index: 1 }, model: 'net', node: 'qat', key: 'k-qat', user: 'ann', job: '41', relayed: 120 },
      { place: { submission: 4, index: 0 }, model: 'net', node: 'clustered', key: 'k-clustered', user: 'ann', job: undefined, relayed: 0 },
    ]);
  });

  it('is read line by line: one that was cut off, or damaged, is none', async () => {
    const { run, folder } = open();
    folder.append(planned(1, 'baseline'));
    appendFileSync(path.join(run, 'jobs', 'ledger.jsonl'), '{"kind":"submitted","submission":"x"}\n{"kind":"subm');
    expect(await folder.ledger()).toEqual([planned(1, 'baseline')]);
  });
});
