/** Searches that are refused, cancelled, or whose stages fail. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EspalierError } from '../../../../src/core/errors.ts';
import type { StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import type { CertificateVerdict } from '../../../../src/shared/results.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { run } from './fake-stages.ts';
import { type Case, search, supportOf } from './search-fixtures.ts';

describe('a search from budgets', () => {
  it.each<[string, Case, string]>([
    ['a budget below the overhead', { search: { budgets: [{ compressedBytes: 90 }] } }, 'without its kernels it takes about 100'],
    [
      'a budget below the strongest settings',
      { search: { budgets: [{ compressedBytes: 110 }] } },
      'with the strongest setting of every layer it takes about 125',
    ],
    [
      'kernels below the strongest settings',
      // 10% of the weights with 8 values: 1000 * 0.1 / 4.
      { ethosU: 1000, search: { budgets: [{ ethosUBytes: 20 }] } },
      'kernels of 20 bytes for an Ethos-U are not possible: with the strongest setting of every layer they take about 25; the nearest',
    ],
    ['a model that no Ethos-U runs', { ethosU: 0, search: { budgets: [{ ethosUBytes: 400 }] } }, 'an Ethos-U runs no layer of this model'],
    [
      'a plain file that needs 4 bits beside an Ethos-U that lacks them',
      { ethosU: 1000, search: { budgets: [{ ethosUBytes: 400, fileBytes: 1050 }] } },
      '"fileBytes" of 1050 needs 4-bit weights',
    ],
    ['too few steps', { search: { steps: 100 } }, 'give at least 600 steps'],
    [
      'too few steps for several budgets',
      { search: { steps: 1000, budgets: [{ compressedBytes: 400 }, { compressedBytes: 500 }] } },
      'give at least 1200 steps',
    ],
    [
      'less memory than the model needs',
      { search: { budgets: [{ compressedBytes: 400, ramBytes: 500 }] } },
      'an int8 file of this model with all of its filters takes 1000',
    ],
    [
      'less flash than the strongest settings leave',
      { flash: 3000, search: { budgets: [{ compressedBytes: 400, flashBytes: 2500 }] } },
      'an int8 file of this model with all of its filters takes 3000',
    ],
    [
      'RAM of operators that TFLite Micro lacks',
      { isKnown: false, search: { budgets: [{ compressedBytes: 400, ramBytes: 5000 }] } },
      'RAM of this model cannot be measured, so no file would keep a limit of it',
    ],
    [
      'packed bytes where nothing can be packed',
      { isKnown: false, search: { budgets: [{ packedBytes: 400 }] } },
      'packed size of this model cannot be measured',
    ],
    [
      'cycles that are not known',
      { search: { budgets: [{ compressedBytes: 400, cycles: 5000 }] } },
      'cycles of this model cannot be measured',
    ],
    ['no error to choose by', { basis: { baselineError: NaN } }, 'has no measure on the validation examples'],
    ['a model at chance', { basis: { baselineError: 0.89 } }, 'near chance'],
  ])('answers %s before anything trains', async (_, given, message) => {
    await expect(search(given)).rejects.toThrow(message);
  });

  it('takes minutes by the time of a step', async () => {
    // 6 seconds at 10 ms a step, of which 70% train: 420 steps are fewer than 600.
    await expect(
      run({
        search: () => supportOf(temporaryFolder(), {}),
        walk: { pareto: { kind: 'pareto', minutes: 0.1, budgets: [{ compressedBytes: 400 }] } },
      }),
    ).rejects.toThrow('give at least a minute');
  });

  it('says what it has where it is cancelled, by what was compared', async () => {
    const controller = new AbortController();
    const { outcome, folder, events } = await search({
      error: (file) => (file.includes('-1b-') ? 0.06 : 0.1),
      signal: controller.signal,
      stage: ({ node }) => {
        if (node.id.endsWith('-1200')) controller.abort();
      },
    });
    expect(outcome.outcome).toBe('cancelled');
    expect(outcome.reason).toMatch(/^cancelled; finished nodes are kept; so far: budget 1: .*error on validation examples 0\.0600$/);
    expect(outcome.chosen).toEqual([{ model: 'net', budget: 0, node: expect.stringContaining('-1b-600') }]);
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', outcome: 'cancelled', chosen: outcome.chosen });
    expect(readFileSync(path.join(folder, 'run/recommended/net-budget-1.tflite'), 'utf8')).toContain('-1b-');
    // What the same search makes at its end takes its place.
    const ended = await search({ folder, error: (file) => (file.includes('-4800') ? 0.05 : file.includes('-1b-') ? 0.06 : 0.1) });
    expect(ended.outcome.outcome).toBe('done');
    expect(readFileSync(path.join(folder, 'run/recommended/net-budget-1.tflite'), 'utf8')).toContain('-4800');
  });

  it('says what it has of one model where another is cancelled before it has anything', async () => {
    const controller = new AbortController();
    const cancelled = (): EspalierError => new EspalierError('cancelled', 'the measurement was cancelled');
    const { outcome, events } = await search({
      signal: controller.signal,
      beside: {
        basis: (_runFolder, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(cancelled()))),
      },
      stage: ({ node }) => {
        if (node.id.endsWith('-1200')) controller.abort();
      },
    });
    expect(outcome).toMatchObject({ outcome: 'cancelled', chosen: [{ model: 'net', budget: 0 }] });
    expect(events.at(-1)).toMatchObject({ type: 'run-finished' });
  });

  it('says that it has nothing yet where its first round is cancelled', async () => {
    const controller = new AbortController();
    const { outcome } = await search({
      signal: controller.signal,
      stage: ({ node }) => (node.id === 'baseline' ? undefined : controller.abort()),
    });
    expect(outcome).toMatchObject({ outcome: 'cancelled', chosen: [] });
    expect(outcome.reason).toContain('no file has been compared on validation examples');
  });

  it('recommends no file that is not what its certificate says', async () => {
    const certificate = ({ node }: StageRequest): CertificateVerdict => ({ passed: !node.id.includes('-1a-'), checks: [] });
    const { folder, outcome } = await search({ certificate, error: (file) => (file.includes('-1a-') ? 0.01 : 0.5) });
    expect(outcome.outcome).toBe('failed');
    expect(readFileSync(path.join(folder, 'run/recommended/net-budget-1.tflite'), 'utf8')).not.toContain('-1a-');
  });

  it('has files of models whose names cannot be those of files', async () => {
    const { folder } = await search({ model: 'net v1/0.25' });
    const names = readdirSync(path.join(folder, 'run/recommended'));
    expect(names.toSorted()).toEqual([
      expect.stringMatching(/^net_v1_0_25~[0-9a-f]+-budget-1\.espalier\.json$/),
      expect.stringMatching(/^net_v1_0_25~[0-9a-f]+-budget-1\.tflite$/),
    ]);
  });

  it('measures nothing of a model that has no result itself', async () => {
    const { outcome, made } = await search({
      basis: { baselineError: 0.89 },
      stage: () => {
        throw new Error('lost');
      },
    });
    expect(made).toEqual(['baseline']);
    expect(outcome.outcome).toBe('failed');
  });
});
