/** `examples/guide/studies.json`: what `docs/results.md` is made of. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Studies {
  /** Models that are trained when their file is missing, by their path from the studies. */
  readonly baselines: Readonly<Record<string, Baseline>>;
  readonly studies: readonly Study[];
  /** What every reader of the figures must know. */
  readonly notes: readonly string[];
  readonly notRun: readonly RecipeNotRun[];
  readonly throughput: readonly Throughput[];
}

/** Arguments of `espalier create`, without the output. */
export interface Baseline {
  readonly create: readonly string[];
}

export interface Study {
  readonly title: string;
  readonly text: readonly string[];
  readonly recipe: string;
  readonly baselines?: readonly string[];
  /** Runs of the recipe: by default of three seeds, with the recipe's own nodes. */
  readonly runs?: readonly StudyRun[];
  /** The float control, which the accuracy of every other node is compared with. */
  readonly control?: string;
  /** After the table; `{ptq accuracy}` stands for a figure of a node (study-figures.ts). */
  readonly findings?: readonly string[];
}

export interface StudyRun {
  readonly seed: number;
  readonly nodes?: readonly string[];
}

export interface RecipeNotRun {
  readonly recipe: string;
  readonly row: string;
  readonly published: string;
  /** Of the data, per epoch. */
  readonly examples: number;
  /** Epochs of all trained stages together. */
  readonly epochs: number;
  /** Name in `throughput`. */
  readonly network: string;
}

/** Measured training steps. */
export interface Throughput {
  readonly network: string;
  readonly examplesPerSecond: number;
  readonly measured: string;
  /** Multiply-adds of one inference, in millions. */
  readonly megaMultiplyAdds: number;
}

export const studiesFolder = path.join('examples', 'guide');

export function readStudies(root: string): Studies {
  return JSON.parse(readFileSync(path.join(root, studiesFolder, 'studies.json'), 'utf8'));
}
