/** Searches over a fake sensitivity, whose stages train nothing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RecipeDocument } from '../../../../src/core/tree/recipe/recipe-document.ts';
import type { SearchBasis, SearchSupport, Structures } from '../../../../src/core/tree/search-support.ts';
import type { StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import type { ParetoSearch } from '../../../../src/shared/recipe/targets.ts';
import type { CertificateVerdict } from '../../../../src/shared/results.ts';
import { layerChoice } from '../../../support/layer-choices.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeOutcome, run } from './fake-stages.ts';

/** One dense layer of 1,000 bytes, in a file of 100 more. */
export const basis: SearchBasis = {
  sensitivity: {
    divergence: 'KL divergence',
    examples: 10,
    engine: 'fake',
    overhead: { raw: 100, gzip: 100, packed: 100, ethosU: 0 },
    layers: [
      {
        layer: 'dense',
        operation: 'dense',
        shape: [1, 1000],
        elements: 1000,
        macs: 1000,
        fitted: true,
        choices: [0, 0.5, 0.9].flatMap((sparsity) => [0, 16, 8].map((clusters) => layerChoice(1000, sparsity, clusters))),
      },
    ],
  },
  stepSeconds: 0.01,
  baselineError: 0.05,
  chanceError: 0.9,
  validationExamples: 500,
};

export interface Case {
  readonly folder?: string;
  readonly run?: string;
  readonly search?: Partial<ParetoSearch>;
  readonly basis?: Partial<SearchBasis>;
  /** Bytes of the files; by default 300. */
  readonly size?: (request: StageRequest) => number;
  /** By the name of a leaf. */
  readonly error?: (file: string) => number;
  readonly ram?: number;
  /** Bytes that an Ethos-U reads of any file; 0 where it runs no layer. */
  readonly ethosU?: number;
  readonly recipe?: RecipeDocument;
  readonly flash?: number;
  /** Whether TFLite Micro has all operators. */
  readonly isKnown?: boolean;
  readonly model?: string;
  /** Of a second model, which is walked at the same time. */
  readonly beside?: Partial<SearchSupport>;
  readonly signal?: AbortSignal;
  readonly structures?: Partial<Structures>;
  readonly stage?: (request: StageRequest) => void;
  readonly certificate?: (request: StageRequest) => CertificateVerdict | undefined;
}

export function supportOf(folder: string, given: Case): SearchSupport {
  const { basis: other = {}, error = () => 0.1, ram = 1000, ethosU, flash = 10, recipe = {}, isKnown = true } = given;
  return {
    recipe: { seed: 3, ...recipe },
    folder,
    model: {
      name: 'net',
      path: path.join(folder, 'net.h5'),
      data: { format: 'generated', set: 'digits' },
      dataFolder: folder,
      inputShapes: undefined,
    },
    threads: 2,
    basis: () => Promise.resolve({ ...basis, ...other }),
    checkLayers: () => Promise.resolve(),
    structures: () =>
      Promise.resolve({
        narrow: () => new Map(),
        hardware: () => (isKnown ? { ramBytes: ram, flashBytes: flash, macs: 10, ethosUBytes: ethosU } : undefined),
        int16Cost: (layers) => ({ layers, bytes: { raw: 0, gzip: 0, packed: 0, ethosU: 0 } }),
        ...given.structures,
      }),
    canPack: () => Promise.resolve(isKnown),
    validationError: (tflite) => Promise.resolve({ error: error(new TextDecoder().decode(tflite)), standardError: 0 }),
  };
}

export function search(given: Case) {
  const { folder = temporaryFolder(), run: name = 'run', search: options = {}, size = () => 300, ethosU, certificate, beside } = given;
  const figures = { ramBytes: 1000, flashBytes: 10, macs: 10, ethosUBytes: ethosU };
  return run({
    models: [given.model ?? 'net', ...(beside === undefined ? [] : ['beside'])],
    folder,
    run: name,
    search: (model) => ({ ...supportOf(folder, given), ...(model === 'beside' ? beside : {}) }),
    walk: {
      pareto: { kind: 'pareto', steps: 16 * 600, budgets: [{ compressedBytes: 400, accuracyDrop: 0.2 }], ...options },
      profile: () => Promise.resolve({ profile: undefined, figures, warnings: [] }),
      rules: given.recipe?.layers ?? [],
      modelsAtOnce: beside !== undefined,
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    },
    stage: (request) => {
      given.stage?.(request);
      return fakeOutcome(request, { sizes: { raw: 1100, gzip: size(request), zip: 0 }, certificate: certificate?.(request) });
    },
  });
}

/** What is beside the file that was recommended. */
export function plainRecipe(folder: string): RecipeDocument {
  const recipe: RecipeDocument = JSON.parse(readFileSync(path.join(folder, 'run/recommended/net-budget-1.espalier.json'), 'utf8'));
  return recipe;
}
