import { rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mnistCnn } from '../../../../src/core/models/mnist-cnn.ts';
import { integerStructure } from '../../../../src/core/tree/operations/integer-structure.ts';
import { deployTarget, profileNode } from '../../../../src/core/tree/profile-node.ts';
import { resultPath } from '../../../../src/core/tree/store/run-store.ts';
import type { BoardName } from '../../../../src/shared/recipe/deploy-options.ts';
import { EspalierError } from '../../../../src/core/errors.ts';
import type { StageOutcome, StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import { readResult, writeResult } from '../../../../src/core/tree/store/result-folder.ts';
import { accuracy, fakeOutcome, run } from './fake-stages.ts';

describe('runRecipe', () => {
  it('makes every node from its parent, and tells so', async () => {
    const files = new Map<string, string>();
    const { made, outcome, finished, events } = await run({
      stage: (request) => {
        const made = fakeOutcome(request);
        files.set(request.node.id, new TextDecoder().decode(made.files.model));
        return made;
      },
    });
    expect(made).toHaveLength(12);
    expect(finished.map(({ node }) => node)).toEqual(made);
    expect(files.get('pruned/clustered/pcqat')).toBe('baseline>pruned>pruned/clustered>pruned/clustered/pcqat');
    expect(outcome.outcome).toBe('done');
    expect(events.at(-1)).toEqual({ type: 'run-finished', ...outcome });
  });

  it('goes on beside a failed node and skips what comes from it', async () => {
    const { outcome, skipped, finished } = await run({
      stage: (request) => {
        if (request.node.id === 'pruned/clustered')
          throw new EspalierError('invalid-argument', 'too many clusters', { where: 'layer "conv"' });
        return fakeOutcome(request);
      },
    });
    expect(outcome).toEqual({
      outcome: 'failed',
      reason: "Pruned, clustered model failed; smallest within a point of the baseline's accuracy: Quantized, pruned model",
    });
    expect(skipped.map(({ node, reason }) => [node, reason])).toEqual([
      ['pruned/clustered/ptq', 'Pruned, clustered model has no result'],
      ['pruned/clustered/pcqat', 'Pruned, clustered model has no result'],
    ]);
    expect(finished).toHaveLength(9);
  });

  it('names the file to ship where no targets are set: the smallest about as accurate as the baseline, else the most accurate', async () => {
    const leaves: Readonly<Record<string, readonly [top1: number, gzip: number]>> = {
      'pruned/ptq': [0.895, 400],
      'pruned/pqat': [0.889, 100],
      'clustered/cqat': [0.893, 300],
      qat: [0.9, 900],
    };
    const stage = (request: StageRequest): StageOutcome => {
      const [top1, gzip] = leaves[request.node.id] ?? [0.5, 50];
      return fakeOutcome(request, { deployed: accuracy(top1), sizes: { raw: 1000, gzip, zip: gzip } });
    };
    expect((await run({ stage })).outcome.reason).toBe("smallest within a point of the baseline's accuracy: QAT, clustered model");
    const inaccurate = (request: StageRequest): StageOutcome =>
      fakeOutcome(request, { deployed: accuracy(request.node.id === 'clustered/ptq' ? 0.8 : 0.5) });
    expect((await run({ stage: inaccurate })).outcome.reason).toBe(
      "no file is within a point of the baseline's accuracy; closest: Quantized, clustered model",
    );
  });

  it('counts a node whose certificate fails as failed, and says what broke', async () => {
    const check = { layer: 'dense', property: 'zeros', expected: 'at least 50', found: '49', passed: false };
    const { outcome, events } = await run({
      stage: (request) => fakeOutcome(request, request.node.id === 'pruned/ptq' ? { certificate: { passed: false, checks: [check] } } : {}),
    });
    expect(outcome.outcome).toBe('failed');
    expect(events).toContainEqual({
      type: 'log',
      level: 'error',
      model: 'net',
      node: 'pruned/ptq',
      message: 'the certificate fails: layer "dense": zeros 49, expected at least 50',
    });
  });

  it('says where results come from different processors, with a node of each', async () => {
    const { folder } = await run({ techniques: { clustering: false, sparsityPreservingClustering: false, qat: false, pqat: false } });
    const baseline = path.join(folder, 'run', 'net', 'baseline', 'result');
    const found = await readResult(baseline);
    if (found.kind !== 'sound') throw new Error(found.kind);
    await rm(baseline, { recursive: true });
    await writeResult(baseline, found.key, {
      ...found.outcome,
      metrics: { ...found.outcome.metrics, processor: 'Another CPU' },
    });
    const { events } = await run({
      folder,
      techniques: { clustering: false, sparsityPreservingClustering: false, qat: false, pqat: false },
    });
    const warnings = events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^results come from different processors, so latencies cannot be compared and the last bits may differ: Another CPU \("baseline"\); .* \("pruned"\)$/,
      ),
    ]);
  });

  it('reports what each file needs of the device, on cached results too, and stores none of it', async () => {
    const tflite = integerStructure(mnistCnn({ seed: 1 }));
    const stage = (request: StageRequest): StageOutcome => {
      const made = fakeOutcome(request);
      return { ...made, files: { ...made.files, tflite } };
    };
    const profile = (board: BoardName) => (bytes: Uint8Array) => Promise.resolve(profileNode(bytes, deployTarget({ board })));
    const first = await run({ stage, walk: { profile: profile('pico-2') } });
    const again = await run({ folder: first.folder, run: 'again', stage, walk: { profile: profile('alif-e7') } });
    expect(again.made).toEqual([]);
    const [slow, fast] = [first, again].map(({ finished }) => finished[0]?.metrics.hardware);
    expect(slow).toMatchObject({ target: 'cortex-m33', fitsBoard: true });
    expect(fast).toMatchObject({ target: 'cortex-m55+ethos-u55-256', macs: slow?.macs });
    expect(fast?.cycles).toBeLessThan(Number(slow?.cycles) / 10);
    expect(again.finished[0]?.profile?.ram.arenaBytes).toBe(fast?.ramBytes);
    const stored = await readResult(path.join(first.folder, 'run', resultPath('net', 'baseline')));
    expect(stored.kind === 'sound' && 'hardware' in stored.outcome.metrics).toBe(false);
  });

  it('a target that a file does not suit is reported once, and files that are no models have no figures', async () => {
    const target = deployTarget({ target: 'cortex-m4' });
    const { events, finished } = await run({ walk: { profile: (bytes) => Promise.resolve(profileNode(bytes, target)) } });
    expect(finished.every(({ metrics, profile }) => metrics.hardware === undefined && profile === undefined)).toBe(true);
    expect(events.filter((event) => event.type === 'log' && event.message.startsWith('it cannot be profiled'))).toHaveLength(1);
  });
});
