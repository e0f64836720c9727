import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { inputsOf } from '../data/inputs/model-inputs.ts';
import { openData } from '../data/open-data.ts';
import { evaluateNetwork } from '../measure/evaluate-network.ts';
import { digitsCnn } from '../models/digits-cnn.ts';
import type { Network } from '../network/network.ts';
import { fineTune } from '../train/fine-tune.ts';
import type { Accuracy } from '../../shared/results.ts';
import { digitsData } from './example-files.ts';

export interface BaselineOptions {
  readonly engine: Engine | undefined;
  readonly seed: number;
  readonly epochs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: 'training' | 'evaluating', fraction: number) => void;
}

export interface Baseline {
  readonly network: Network;
  /** On the test examples, as the engine computes it. */
  readonly accuracy: Accuracy;
}

const learningRate = 2e-3;

/** The example's network, trained from seeded initial weights on its generated digits. */
export async function trainBaseline({ engine, seed, epochs, signal, onProgress }: BaselineOptions): Promise<Baseline> {
  const runner = engine ?? (await createEngine());
  const initial = digitsCnn({ seed });
  const data = await openData(digitsData(seed), '.', { seed, modelInputs: inputsOf(initial) });
  const { network } = await fineTune({
    engine: runner,
    network: initial,
    constraints: new Map(),
    train: data.train,
    validation: undefined,
    loss: { kind: 'crossEntropy' },
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    learningRate: { kind: 'cosine', rate: learningRate, finalRate: learningRate / 100 },
    epochs,
    batchSize: 64,
    seed,
    batchNorm: 'training',
    signal,
    onProgress: ({ step, steps }) => onProgress('training', step / steps),
  });
  const accuracy = await evaluateNetwork({
    engine: runner,
    network,
    data: data.test,
    signal,
    onProgress: (fraction) => onProgress('evaluating', fraction),
  });
  return { network, accuracy };
}
