import path from 'node:path';
import { mostFlipsShown, type NegativeFlip, type NegativeFlips, type NotRecorded } from '../../../shared/negative-flips.ts';
import type { DataSet } from '../../data/dataset.ts';
import { encodePng, pictureOf } from '../../data/pictures/example-picture.ts';
import { spreadIndices } from '../../data/spread-indices.ts';
import { boundTargets } from '../../data/targets.ts';
import { EspalierError } from '../../errors.ts';
import { negativeFlips, type Mistake } from '../../scoring/mistakes.ts';
import { reduceEvents } from '../../../shared/run-state.ts';
import type { MayRead } from '../recipe/readable-files.ts';
import { unreadableFiles } from '../recipe/readable-files.ts';
import { resolveModels } from '../recipe/resolve-recipe.ts';
import { readResult } from '../store/result-folder.ts';
import { recipeFolderOf, resultPath } from '../store/run-store.ts';
import { readRunFolder } from '../stored-run.ts';
import type { StageOutcome } from '../stages/stage-runner.ts';
import { openTestExamples } from './open-test-examples.ts';

export interface FlipsQuestion {
  readonly runFolder: string;
  /** Name of the model and id of its node. */
  readonly model: string;
  readonly node: string;
  readonly mayRead: MayRead;
}

/**
 * The test examples that the trained model gets right and the node's file gets wrong, read from the data as they are now.
 * At most `mostFlipsShown` are read, whatever the size of the data.
 *
 * @throws EspalierError `file-access` for files that may not be read and damaged results, `invalid-data` for test data that
 * are no longer those of the run
 */
export async function findNegativeFlips({ runFolder, model, node, mayRead }: FlipsQuestion): Promise<NegativeFlips | NotRecorded> {
  const { stored, events } = await readRunFolder(runFolder);
  const root = reduceEvents(events).models.find((candidate) => candidate.model === model)?.tree.id;
  if (root === undefined) throw new EspalierError('invalid-argument', 'the run has no such model', { where: model });
  const outcome = await readOutcome(runFolder, model, node);
  const before = (await readOutcome(runFolder, model, root)).mistakes;
  const after = outcome.mistakes;
  if (before === undefined || after === undefined) return { kind: 'not-recorded' };
  const flips = negativeFlips(before, after);
  const found = { kind: 'found', total: flips.length, samples: after.samples } as const;
  if (flips.length === 0) return { ...found, examples: [], shows: 'values' };

  const folder = recipeFolderOf(runFolder);
  const [outside] = await unreadableFiles(JSON.stringify(stored.recipe), folder, mayRead);
  if (outside !== undefined)
    throw new EspalierError('file-access', 'lies outside of the workspace and is not read without your permission', {
      where: outside,
      fix: 'run the recipe, which asks for it',
    });
  const resolved = (await resolveModels(stored.recipe, folder)).find(({ name }) => name === model);
  if (resolved === undefined) throw new EspalierError('invalid-recipe', 'the recipe of the run has no such model', { where: model });
  const { data: test, release } = await openTestExamples(resolved, stored.options.seed ?? stored.recipe.seed ?? 0, outcome.files.tflite);
  const chosen = [...spreadIndices(flips.length, Math.min(mostFlipsShown, flips.length))].flatMap((index) => flips.slice(index, index + 1));
  const examples: NegativeFlip[] = [];
  try {
    await checkLabels(test, after.samples, chosen);
    for (const mistake of chosen) examples.push(await flipOf(test, mistake));
  } finally {
    await release();
  }
  const hasPictures = examples.some(({ picture }) => picture !== undefined);
  const target = boundTargets(test.target)[0]?.target;
  return {
    ...found,
    examples,
    classNames: target?.kind === 'classes' ? target.names : undefined,
    shows: !hasPictures ? 'values' : test.stored?.steps[0]?.kind === 'sound' ? 'spectrogram' : 'image',
  };
}

async function readOutcome(runFolder: string, model: string, node: string): Promise<StageOutcome> {
  const where = resultPath(model, node);
  const found = await readResult(path.join(runFolder, where));
  if (found.kind === 'sound') return found.outcome;
  throw new EspalierError('file-access', found.kind === 'damaged' ? `is damaged: ${found.problems.join('; ')}` : 'is missing', {
    where,
    fix: 'run the recipe again: what is finished is taken from the cache',
  });
}

/** The data may have changed since the run: another example in its place would be shown as a mistake that the file never made. */
async function checkLabels(test: DataSet, samples: number, chosen: readonly Mistake[]): Promise<void> {
  const isSame = test.size === samples && (await haveLabels(test, chosen));
  if (isSame) return;
  throw new EspalierError('invalid-data', 'the test examples are not those that this run has measured', {
    where: `${test.name} set`,
    fix: 'run the recipe again',
  });
}

async function haveLabels(test: DataSet, chosen: readonly Mistake[]): Promise<boolean> {
  const indices = Uint32Array.from(chosen, ([index]) => index);
  const { labels } = await test.read(indices);
  const width = labels.length / Math.max(indices.length, 1);
  return chosen.every(([, label], row) => labels[row * width] === label);
}

async function flipOf({ stored }: DataSet, [index, label, predicted]: Mistake): Promise<NegativeFlip> {
  const [example] = (await stored?.load(index)) ?? [];
  const [steps] = stored?.steps ?? [];
  const picture = example === undefined || steps === undefined ? undefined : pictureOf(example, steps);
  return { index, label, predicted, picture: picture && `data:image/png;base64,${Buffer.from(encodePng(picture)).toString('base64')}` };
}
