import type { OpenInput } from '../../shared/recipe/input-shape.ts';

/** The cause of an error about open lengths: every input of the model, so that all can be asked for. */
export class OpenInputs extends Error {
  readonly inputs: readonly OpenInput[];

  constructor(inputs: readonly OpenInput[]) {
    super('lengths of inputs are open');
    this.inputs = inputs;
  }
}
