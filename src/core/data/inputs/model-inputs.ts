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

/** As `image [28, 28, 1], age [1]`; of a single one the shape alone. */
export function describeInputs(inputs: readonly ModelTensor[]): string {
  return inputs.map(({ name, shape }) => `${inputs.length === 1 ? '' : `${plainName(name)} `}[${shape.join(', ')}]`).join(', ');
}

/** TensorFlow's converter writes a Keras input `image` as `serving_default_image:0`. */
export function plainName(name: string): string {
  return name.replace(/^serving_default_/, '').replace(/:0$/, '');
}
