/** What is remembered with the cache of stages, each in a file of its own that is named by all that it depends on. */
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import type { Engine } from '../engine/engine.ts';
import type { Environment } from './environment.ts';
import type { Identity } from './identity.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { digestOf } from './store/digest.ts';
import { cacheFolder } from './store/run-store.ts';

/** How many stages ran at once: kept, for results can be reused only with the same number of threads. */
export function parallelismFile(folder: string, identities: readonly Identity[], engine: Engine, { code }: Environment): string {
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model };
  const key = digestOf({ models: identities.map(({ model }) => model), engine: engine.description, code, machine });
  return path.join(cacheFolder(folder), `parallelism-${key.slice(0, 16)}.json`);
}

/** What a search measured: timed again, a search of so many minutes would train other files. */
export function searchFile(
  folder: string,
  identity: Identity,
  { seed = 0, deploy }: RecipeDocument,
  { description }: Engine,
  { code }: Environment,
): string {
  return path.join(
    cacheFolder(folder),
    `search-${digestOf({ identity, seed, strip: deploy?.strip, engine: description, code }).slice(0, 16)}.json`,
  );
}
