import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { equivalentSteps, estimateRun } from '../../../src/core/tree/operations/estimate-run.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Trained model, QAT and PTQ. */
const small = planTree({ pruning: false, clustering: false }).root;

describe('the training steps of a tree', () => {
  it('are epochs, or 400 where data are few', () => {
    // One epoch of 64,000 examples in batches of 64.
    expect(equivalentSteps(small, { train: 64_000, test: 0 })).toBe(1_000);
    expect(equivalentSteps(small, { train: 640, test: 0 })).toBe(400);
    // Pruning trains for two epochs, PQAT and QAT for one.
    const pruned = planTree({ clustering: false, sparsityPreservingClustering: false }).root;
    expect(equivalentSteps(pruned, { train: 64_000, test: 0 })).toBe(4_000);
  });

  it('are those that the recipe sets', () => {
    expect(equivalentSteps(small, { train: 640, test: 0 }, { epochs: 3 })).toBe(30);
    expect(equivalentSteps(small, { train: 640, test: 0 }, { steps: 7 })).toBe(7);
    expect(equivalentSteps(small, { train: 10, test: 0 }, { epochs: 1 })).toBe(1);
    expect(equivalentSteps(small, { train: 10, test: 0 }, { epochs: 1, learningRate: 'range-test' })).toBe(1 + 96);
  });

  it('grow with the test examples: a third of a step for each batch and node, and two thirds for each file', () => {
    const batches = 30;
    const without = equivalentSteps(small, { train: 640, test: 0 });
    expect(equivalentSteps(small, { train: 640, test: batches * 64 }) - without).toBeCloseTo(batches * (3 * (1 / 3) + 2 * (2 / 3)));
  });
});

describe('the estimate of a run', () => {
  it('is less for a quick look than for the whole tree', async () => {
    const folder = temporaryFolder();
    const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
    writeFileSync(path.join(folder, 'model.json'), json);
    writeFileSync(path.join(folder, 'weights.bin'), weights);
    const data = { format: 'generated', set: 'digits', trainSize: 128, testSize: 64 };
    const { seconds } = await estimateRun({ model: path.join(folder, 'model.json'), data });
    expect(seconds.quick).toBeGreaterThan(0);
    expect(seconds['until-targets']).toBe(seconds.full);
    expect(seconds.full).toBeGreaterThan(10 * seconds.quick);
  });
});
