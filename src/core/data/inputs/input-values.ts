/** The value of a field of the data spec for one of a model's inputs. */
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { ByInput } from '../spec/by-input.ts';
import { describeInputs, plainName } from './model-inputs.ts';

/** The input whose examples are opened. */
export interface SelectedInput {
  readonly input: ModelTensor;
  /** All inputs of the model, this one among them. */
  readonly all: readonly ModelTensor[];
}

/**
 * The input's own value: one for all is refused where a model has several.
 *
 * @param field of the data spec, for messages
 * @throws EspalierError `invalid-data` when the input has none, or a name is no input's
 */
export function ownValue<T>(value: T | ByInput<T>, selected: SelectedInput | undefined, field: string): T {
  if (!isByInput(value)) {
    if (selected !== undefined && selected.all.length > 1) throw severalInputs(`"${field}" has one entry for all`, selected, field);
    return value;
  }
  const own = findValue(value, selected, field);
  if (own === undefined) {
    const missing =
      selected === undefined ? 'it has entries for several inputs' : `it has no entry for "${plainName(selected.input.name)}"`;
    throw selected === undefined
      ? new EspalierError('invalid-data', missing, { where: `data.${field}`, fix: 'give one entry' })
      : severalInputs(missing, selected, field);
  }
  return own;
}

/** The input's own value, or the one that is given for all. */
export function ownOrCommonValue<T>(value: T | ByInput<T>, selected: SelectedInput | undefined, field: string): T {
  return isByInput(value) ? ownValue(value, selected, field) : value;
}

/**
 * Undefined when the input has no entry.
 *
 * @throws EspalierError `invalid-data` for a name that is no input's
 */
export function findValue<T>(values: ByInput<T>, selected: SelectedInput | undefined, field: string): T | undefined {
  const entries = Object.entries(values);
  if (selected === undefined) return entries.length === 1 ? entries[0]?.[1] : undefined;
  const stranger = entries.find(([name]) => !selected.all.some((input) => isCalled(input, name)));
  if (stranger !== undefined)
    throw new EspalierError('invalid-data', `no input of the model is called "${stranger[0]}"`, {
      where: `data.${field}`,
      fix: `its inputs are ${selected.all.map(({ name }) => `"${plainName(name)}"`).join(', ')}`,
    });
  return entries.find(([name]) => isCalled(selected.input, name))?.[1];
}

/** @throws EspalierError `invalid-data` for a model of several inputs, when the field is left out */
export function requireEntries(field: string, selected: SelectedInput | undefined): void {
  if (selected !== undefined && selected.all.length > 1) throw severalInputs(`there is no "${field}"`, selected, field);
}

/** @throws EspalierError `invalid-data` for a model of several inputs, of data that feed one */
export function requireSingleInput(format: string, selected: SelectedInput | undefined): void {
  if (selected !== undefined && selected.all.length > 1)
    throw new EspalierError(
      'invalid-data',
      `data of the format "${format}" feed one input, but the model takes ${selected.all.length}: ${describeInputs(selected.all)}`,
      {
        where: 'data.format',
        fix: 'store the examples of each input in arrays: "npz", "npy", "raw" and "csv" name the data of each input',
      },
    );
}

function severalInputs(what: string, { all }: SelectedInput, field: string): EspalierError {
  return new EspalierError(
    'invalid-data',
    `${what}, but the model takes ${all.length === 1 ? '' : `${all.length} inputs: `}${describeInputs(all)}`,
    {
      where: `data.${field}`,
      fix: `give an entry by each input's name: { ${all.map(({ name }) => `"${plainName(name)}": …`).join(', ')} }`,
    },
  );
}

function isCalled(input: ModelTensor, name: string): boolean {
  return input.name === name || plainName(input.name) === plainName(name);
}

function isByInput<T>(value: T | ByInput<T>): value is ByInput<T> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
