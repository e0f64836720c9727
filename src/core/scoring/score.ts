/** How well a model does on examples: a score for each of its outputs that has a target. */
import { qualityTable } from '../../shared/qualities.ts';
import type { Accuracy, OutputQuality } from '../../shared/results.ts';
import type { Batch } from '../data/dataset.ts';
import type { OutputTarget, Target } from '../data/target.ts';
import { type BoundTarget, boundTargets, partOf } from '../data/targets.ts';
import { EspalierError } from '../errors.ts';
import { omit } from '../../shared/omit.ts';
import { AgreementScore } from './agreement-score.ts';
import { ClassMapScore } from './class-map-score.ts';
import { ClassScore } from './class-score.ts';
import type { Mistakes } from './mistakes.ts';
import { MultiLabelScore } from './multi-label-score.ts';
import type { OutputFigures, OutputScore } from './output-score.ts';
import { RegressionScore } from './regression-score.ts';

interface Scored {
  readonly target: BoundTarget;
  readonly score: OutputScore;
}

export class Scores {
  readonly #outputs: readonly Scored[];
  readonly #isNamed: boolean;
  #samples = 0;

  constructor(target: Target) {
    this.#isNamed = target.kind === 'outputs' && target.outputs.length > 1;
    this.#outputs = boundTargets(target).map((each) => ({ target: each, score: scoreOf(each.target) }));
  }

  /** @param outputs `[size, width]` of each output of the model, in its order */
  add(outputs: readonly ArrayLike<number>[], batch: Batch): void {
    for (const { target, score } of this.#outputs) {
      const values = outputs[target.output];
      if (values === undefined)
        throw new EspalierError('invalid-model', `it has ${outputs.length} outputs, without output ${target.output}`, {
          where: target.name === '' ? 'model' : `output "${target.name}"`,
        });
      // Labels of an autoencoder are no target, so that they have no place among the labels.
      const isOnly = this.#outputs.length === 1;
      score.add(values, {
        size: batch.size,
        labels: isOnly ? batch.labels : partOf(batch.labels, batch.size, target.labels),
        numbers: partOf(batch.targets, batch.size, target.numbers),
      });
    }
    this.#samples += batch.size;
  }

  /** Of the output that `accuracy` shows, the first; undefined where it does not tell classes apart. */
  get mistakes(): Mistakes | undefined {
    const mistakes = this.#outputs[0]?.score.mistakes;
    return mistakes && { samples: this.#samples, mistakes };
  }

  accuracy(runtime: string): Accuracy {
    const found = this.#outputs.map(({ target, score }) => ({ target, figures: score.figures() }));
    const shown = shownOutput(found);
    return {
      ...(shown?.figures ?? { top1: undefined, top5: undefined, meanSquaredError: undefined }),
      ...(shown === undefined ? {} : { measure: shown.target.measure }),
      ...(this.#isNamed ? { outputs: found.map(outputQuality) } : {}),
      samples: this.#samples,
      runtime,
    };
  }
}

interface Found {
  readonly target: BoundTarget;
  readonly figures: OutputFigures;
}

/** The first; of outputs that are compared with the trained model's, the one that differs most. */
function shownOutput(found: readonly Found[]): Found | undefined {
  const [first] = found;
  if (first === undefined || found.some(({ target }) => target.target.kind !== 'teacher')) return first;
  const value = ({ target, figures }: Found): number => qualityTable[target.measure].value(figures) ?? Infinity;
  return found.reduce((worst, each) => (value(each) < value(worst) ? each : worst));
}

function outputQuality({ target, figures }: Found): OutputQuality {
  return { name: target.name, measure: target.measure, ...omit(figures, 'confusion') };
}

function scoreOf(target: OutputTarget): OutputScore {
  switch (target.kind) {
    case 'classes':
      return new ClassScore(target);
    case 'regression':
      return new RegressionScore(target);
    case 'classMap':
      return new ClassMapScore(target);
    case 'multiLabel':
      return new MultiLabelScore(target);
    case 'teacher':
      return new AgreementScore(target);
  }
}
