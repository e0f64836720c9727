import type { Network } from '../../network/network.ts';

/** An input of a model, as its data must feed it; or an output. */
export interface ModelInput {
  readonly name: string;
  /** Of one example, without the batch. */
  readonly shape: readonly number[];
}

/** In the network's order. */
export function inputsOf(network: Network): readonly ModelInput[] {
  return network.inputs.map((name) => ({ name, shape: network.values.get(name)?.shape ?? [] }));
}

/** In the network's order, as inputs are. */
export function outputsOf(network: Network): readonly ModelInput[] {
  return network.outputs.map((name) => ({ name, shape: network.values.get(name)?.shape ?? [] }));
}

/** As `image [28, 28, 1], age [1]`; of a single one the shape alone. */
export function describeInputs(inputs: readonly ModelInput[]): string {
  return inputs.map(({ name, shape }) => `${inputs.length === 1 ? '' : `${plainName(name)} `}[${shape.join(', ')}]`).join(', ');
}

/** TensorFlow's converter writes a Keras input `image` as `serving_default_image:0`. */
export function plainName(name: string): string {
  return name.replace(/^serving_default_/, '').replace(/:0$/, '');
}
