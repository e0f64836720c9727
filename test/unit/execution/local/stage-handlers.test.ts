/** What a stage process answers, with real stages, over two connected ends in this process. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../../src/core/models/digits-cnn.ts';
import type { ActivationStatistics } from '../../../../src/core/quantize/kept-statistics.ts';
import type { StageOutcome } from '../../../../src/core/tree/stages/stage-runner.ts';
import { MessageHandler } from '../../../../src/shared/message-handler.ts';
import type { TreeNode } from '../../../../src/shared/tree.ts';
import { createStageHandlers } from '../../../../src/execution/local/stage-handlers.ts';
import type { StageHostProtocol, StageProtocol, StageProcessSetting, StageWork } from '../../../../src/execution/local/stage-protocol.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

let setting: StageProcessSetting;
beforeAll(() => {
  const folder = temporaryFolder();
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  writeFileSync(path.join(folder, 'model.json'), json);
  writeFileSync(path.join(folder, 'weights.bin'), weights);
  const recipe = {
    models: [{ name: 'net', path: 'model.json' }],
    data: { format: 'generated', set: 'digits', trainSize: 96, testSize: 20 },
    measure: { latency: true },
  } as const;
  setting = { source: { recipe, folder, engine: 'onnxruntime-node' }, model: 'net', threads: 1, processes: 2 };
});

interface Connected {
  readonly host: MessageHandler<StageHostProtocol, StageProtocol>;
  /** What the stage asked of the worker, in order. */
  readonly asked: string[];
  readonly phases: string[];
  /** The training steps that progress messages reported. */
  readonly steps: number[];
  checkpoint: Uint8Array | undefined;
}

function connect(): Connected {
  const asked: string[] = [];
  const phases: string[] = [];
  const steps: number[] = [];
  const kept = new Map<string, ActivationStatistics>();
  const connected: { checkpoint: Uint8Array | undefined } = { checkpoint: undefined };
  const note = (what: string) => {
    asked.push(what);
    return Promise.resolve(null);
  };
  const host: MessageHandler<StageHostProtocol, StageProtocol> = new MessageHandler<StageHostProtocol, StageProtocol>(
    (message) => setImmediate(() => stage.receive(message)),
    {
      loadCheckpoint: async () => {
        await note('load');
        return { bytes: connected.checkpoint };
      },
      saveCheckpoint: ({ bytes }) => {
        connected.checkpoint = bytes;
        return note('save');
      },
      loadStatistics: ({ key }) => Promise.resolve({ statistics: kept.get(key) }),
      saveStatistics: ({ key, statistics }) => {
        kept.set(key, statistics);
        return note('save statistics');
      },
      pauseOthers: () => note('pause others'),
      resumeOthers: () => note('resume others'),
    },
  );
  const stage: MessageHandler<StageProtocol, StageHostProtocol> = new MessageHandler<StageProtocol, StageHostProtocol>(
    (message) => setImmediate(() => host.receive(message)),
    createStageHandlers(() => stage, { threadScript: undefined }),
  );
  host.on('progress', ({ phase, training }) => {
    phases.push(phase);
    if (training !== undefined) steps.push(training.step);
  });
  return Object.assign(connected, { host, asked, phases, steps });
}

const node = (id: string, technique: TreeNode['technique']): TreeNode => ({
  id,
  technique,
  title: id,
  precision: 'fp32',
  fineTuned: technique !== 'baseline',
  collaborative: false,
  leaf: false,
  children: [],
});

const baselineWork: StageWork = {
  node: node('baseline', 'baseline'),
  stage: { technique: 'baseline' },
  parentTrained: false,
  rules: [],
  parent: undefined,
  baseline: undefined,
};

function prunedWork(baseline: StageOutcome, steps = 10): StageWork {
  return {
    node: node('pruned', 'pruning'),
    stage: { technique: 'pruning', options: { steps, batchSize: 8 } },
    parentTrained: false,
    rules: [],
    parent: baseline.files,
    baseline: baseline.files,
  };
}

describe('a stage process', () => {
  it('runs stages, measures latency in a turn of its own, and saves checkpoints that another goes on from', async () => {
    const first = connect();
    const baseline = await first.host.request('runStage', { ...setting, work: baselineWork });
    expect(first.asked).toEqual(['pause others', 'resume others']);
    expect(baseline.metrics.latency?.medianMilliseconds).toBeGreaterThan(0);

    const whole = await first.host.request('runStage', { ...setting, work: prunedWork(baseline, 230) });
    expect(first.phases).toEqual(expect.arrayContaining(['training', 'converting', 'evaluating']));
    expect(first.asked.slice(2)).toEqual(expect.arrayContaining(['load', 'save', 'pause others', 'resume others']));

    // Another process goes on from what was saved last, to the same bytes.
    const second = connect();
    second.checkpoint = first.checkpoint;
    const resumed = await second.host.request('runStage', { ...setting, work: prunedWork(baseline, 230) });
    expect(Buffer.from(resumed.files.model).equals(whole.files.model)).toBe(true);
    expect(Math.min(...first.steps)).toBeLessThan(10);
    expect(Math.min(...second.steps)).toBeGreaterThan(100);
  });

  it('stands still between two reads of examples while it is paused', async () => {
    const { host, phases } = connect();
    const baseline = await host.request('runStage', { ...setting, work: baselineWork });
    await host.request('pause', {});
    let ended = false;
    phases.length = 0;
    const stage = host.request('runStage', { ...setting, work: prunedWork(baseline) }).then(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ended).toBe(false);
    expect(phases).not.toContain('training');
    await host.request('proceed', {});
    await stage;
    expect(phases).toContain('training');
  });

  it('is cancelled within its training', async () => {
    const { host } = connect();
    const baseline = await host.request('runStage', { ...setting, work: baselineWork });
    const controller = new AbortController();
    host.on('progress', ({ phase }) => {
      if (phase === 'training') controller.abort();
    });
    await expect(host.request('runStage', { ...setting, work: prunedWork(baseline) }, { signal: controller.signal })).rejects.toMatchObject(
      { code: 'cancelled' },
    );
  });

  it('asks the worker for what was measured of the same network, and gives the same bytes with it', async () => {
    const { host, asked } = connect();
    const baseline = await host.request('runStage', { ...setting, work: baselineWork });
    const work: StageWork = { ...prunedWork(baseline), node: node('ptq', 'ptq'), stage: { technique: 'ptq', options: {} } };
    const saved = () => asked.filter((what) => what === 'save statistics').length;
    const { files } = await host.request('runStage', { ...setting, work });
    const measured = saved();
    expect(measured).toBeGreaterThan(0);
    const again = await host.request('runStage', { ...setting, work });
    expect(saved()).toBe(measured);
    expect(Buffer.from(again.files.tflite).equals(files.tflite)).toBe(true);
  });

  it('times training steps, and forgets what was prepared for it', async () => {
    const { host } = connect();
    const { timing } = await host.request('prepareSteps', setting);
    const { milliseconds } = await host.request('timeSteps', { timing, milliseconds: 1 });
    expect(milliseconds).toBeGreaterThan(0);
    await host.request('forgetSteps', {});
    expect((await host.request('timeSteps', { timing, milliseconds: 1 })).milliseconds).toBeNaN();
  });

  it('names a model that the recipe does not have', async () => {
    const { host } = connect();
    await expect(host.request('prepareSteps', { ...setting, model: 'other' })).rejects.toThrow('the recipe has no model "other"');
  });
});
