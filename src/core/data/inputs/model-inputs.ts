import { closest } from '../../closest.ts';
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { Network } from '../../network/network.ts';

/** In the network's order. */
export function inputsOf(network: Network): readonly ModelTensor[] {
  return network.inputs.map((name) => ({ name, shape: network.values.get(name)?.shape ?? [] }));
}

/** In the network's order, as inputs are. */
export function outputsOf(network: Network): readonly ModelTensor[] {
  return network.outputs.map((name) => ({ name, shape: network.values.get(name)?.shape ?? [] }));
}

/**
 * The place of an output among a model's.
 *
 * @param mistake kind and place of the error for a name that no output has
 * @throws EspalierError where no output has this name
 */
export function findOutput(
  outputs: readonly ModelTensor[],
  name: string,
  mistake: { readonly kind: 'invalid-data' | 'invalid-recipe'; readonly where: string },
): number {
  const names = outputs.map((output) => plainName(output.name));
  const place = names.indexOf(plainName(name));
  if (place >= 0) return place;
  const [near] = closest(plainName(name), names);
  throw new EspalierError(mistake.kind, `no output of the model is called "${name}"`, {
    where: mistake.where,
    fix: `${near === undefined ? '' : `did you mean "${near}"? `}its outputs are ${names.map((each) => `"${each}"`).join(', ')}`,
  });
}

/** As `image [28, 28, 1], age [1]`; of a single one the shape alone. */
export function describeInputs(inputs: readonly ModelTensor[]): string {
  return inputs.map(({ name, shape }) => `${inputs.length === 1 ? '' : `${plainName(name)} `}[${shape.join(', ')}]`).join(', ');
}

/** TensorFlow's converter writes a Keras input `image` as `serving_default_image:0`. */
export function plainName(name: string): string {
  return name.replace(/^serving_default_/, '').replace(/:0$/, '');
}
