import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import type { Network } from '../../../../src/core/network/network.ts';
import { fineTune } from '../../../../src/core/train/fine-tune.ts';
import type { FineTuned, FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { settings } from '../training-fixtures.ts';

export const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

export const tune = (changed: Partial<FineTuning> = {}): Promise<FineTuned> => fineTune(settings(engine, changed));

export const weights = ({ network }: { network: Network }): [string, number[]][] =>
  [...network.parameters].map(([id, { data }]) => [id, [...data]]);

export const dataOf = ({ network }: { network: Network }, id: string): Float32Array => network.parameters.get(id)!.data;
