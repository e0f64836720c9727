import * as vscode from 'vscode';
import type { InputShape, OpenInput } from '../../shared/recipe/input-shape.ts';
import type { Ask } from '../questions/ask-in-turn.ts';
import { enterText } from '../questions/quick-inputs.ts';
import type { Services } from '../services.ts';
import { modelPath } from '../workspace/model-files.ts';

interface ShapeQuestion {
  readonly title: string;
  readonly stepsAfter: number;
}

/** What open images are proposed to be: the size that most of them are trained at. */
const usualLength = 224;

/**
 * Asks for the size of inputs that the model leaves open; undefined where it leaves none open.
 *
 * @throws what the import of the model throws, before anything else is asked
 */
export async function chooseInputShape(
  ask: Ask,
  services: Services,
  model: vscode.Uri,
  question: ShapeQuestion,
): Promise<InputShape | undefined> {
  const { inputs } = await services.worker.connection.request('openInputs', { path: modelPath(model) });
  const shapes: (readonly number[])[] = [];
  for (const input of inputs) shapes.push(await chooseLengths(ask, input, question));
  const [only] = shapes;
  return shapes.length === 1 ? only : shapes.length === 0 ? undefined : shapes;
}

async function chooseLengths(ask: Ask, { name, shape }: OpenInput, question: ShapeQuestion): Promise<readonly number[]> {
  const known = shape?.filter((length) => length !== null);
  if (known !== undefined && known.length === shape?.length) return known;
  const stated = shape === undefined ? '' : ` [${shape.map((length) => length ?? '?').join(', ')}]`;
  const proposed = (shape ?? [usualLength, usualLength, 3]).map((length) => length ?? usualLength).join(', ');
  const text = await ask(
    enterText({
      ...question,
      prompt: vscode.l10n.t('Size of input "{0}"{1} on the device, of one example', name, stated),
      value: proposed,
      validate: (entry) =>
        fits(lengthsIn(entry), shape)
          ? undefined
          : vscode.l10n.t('Whole numbers are wanted, such as {0}; only open lengths can be chosen.', proposed),
    }),
  );
  return lengthsIn(text);
}

function lengthsIn(text: string): readonly number[] {
  return text
    .trim()
    .split(/\s*[,x×\s]\s*/)
    .map((part) => (part === '' ? NaN : Number(part)));
}

function fits(lengths: readonly number[], shape: OpenInput['shape']): boolean {
  return (
    lengths.every((length) => Number.isSafeInteger(length) && length > 0) &&
    (shape === undefined || (shape.length === lengths.length && shape.every((length, axis) => length === null || length === lengths[axis])))
  );
}
