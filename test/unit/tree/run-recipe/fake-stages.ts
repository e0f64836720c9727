import path from 'node:path';
import { LocalExecutor } from '../../../../src/execution/local/local-executor.ts';
import { type PlannedTree, planTree } from '../../../../src/core/tree/deployment-tree.ts';
import { runRecipe, type Walk } from '../../../../src/core/tree/run-recipe.ts';
import type { SearchSupport } from '../../../../src/core/tree/search-support.ts';
import type { StageOutcome, StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import type { RunEventBody } from '../../../../src/shared/events.ts';
import type { NodeMetrics } from '../../../../src/shared/results.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

export const accuracy = (top1: number) => ({ top1, top5: undefined, meanSquaredError: undefined, samples: 100, runtime: 'fake' });

/** A stage that needs no training: its file says the path that led to it. */
export function fakeOutcome({ node, parent }: StageRequest, metrics: Partial<NodeMetrics> = {}): StageOutcome {
  const before = parent === undefined ? '' : `${new TextDecoder().decode(parent.model)}>`;
  const bytes = new TextEncoder().encode(`${before}${node.id}`);
  return {
    files: { model: bytes, tflite: bytes },
    metrics: {
      simulated: accuracy(0.9),
      deployed: accuracy(0.9),
      sizes: { raw: 1000, gzip: 500, zip: 510 },
      latency: undefined,
      weights: [],
      certificate: undefined,
      trainingSeconds: 1,
      curve: [],
      ...metrics,
    },
    densities: [],
  };
}

/** A search grows its own branches. */
function withoutChildren(tree: PlannedTree): PlannedTree {
  return { ...tree, root: { ...tree.root, children: [] } };
}

interface Setup {
  readonly folder?: string;
  readonly run?: string;
  readonly models?: readonly string[];
  readonly walk?: Partial<Walk>;
  readonly techniques?: Parameters<typeof planTree>[0];
  readonly data?: string;
  readonly processes?: number;
  readonly search?: (model: string) => SearchSupport;
  readonly stage?: (request: StageRequest) => StageOutcome | Promise<StageOutcome>;
}

export async function run({
  folder = temporaryFolder(),
  run: name = 'run',
  models = ['net'],
  walk = {},
  techniques = {},
  data = 'd',
  processes = 1,
  search,
  stage = fakeOutcome,
}: Setup = {}) {
  const events: RunEventBody[] = [];
  const made: string[] = [];
  const outcome = await runRecipe({
    models: models.map((model) => ({
      name: model,
      tree: search === undefined ? planTree(techniques) : withoutChildren(planTree(techniques)),
      search: search?.(model),
      dependencies: { model: 'm', data, seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: false, pack: 'off' },
      openExecutor: (place) =>
        new LocalExecutor({
          place,
          processes,
          openRunner: () =>
            Promise.resolve((request) => {
              made.push(request.node.id);
              return Promise.resolve(stage(request));
            }),
        }),
    })),
    rules: [],
    targets: undefined,
    untilTargets: false,
    runFolder: path.join(folder, name),
    cacheFolder: path.join(folder, 'cache'),
    ignoreCache: false,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    ...walk,
  });
  const finished = events.flatMap((event) => (event.type === 'node-finished' ? [event] : []));
  const skipped = events.flatMap((event) => (event.type === 'node-skipped' ? [event] : []));
  return { folder, events, made, outcome, finished, skipped };
}
