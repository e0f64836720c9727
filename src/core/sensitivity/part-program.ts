import { lowerNetwork, shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { createProgramBuilder } from '../program/builder.ts';
import type { Program, Tensor } from '../program/program.ts';
import { fakeQuantize } from '../quantize/fake-quantize.ts';
import type { NetworkPart } from './network-parts.ts';

export interface PartOptions {
  readonly batchSize: number;
  /** An input of the program, `kernel`, instead of a constant. */
  readonly kernel?: ParameterId | undefined;
  /** Values that are rounded by `minimum/i`, `maximum/i` and `scale/i`. */
  readonly rounded?: readonly ValueId[] | undefined;
}

/** From `value/i`, the inputs of a part of the network, to `output/i`, its outputs, batch-major. */
export function partProgram(network: Network, part: NetworkPart, { batchSize, kernel, rounded = [] }: PartOptions): Program {
  const builder = createProgramBuilder();
  const ranges = new Map(
    rounded.map((id, index) => {
      const end = (name: string): Tensor => builder.input(`${name}/${index}`, []);
      return [id, { minimum: end('minimum'), maximum: end('maximum'), scale: end('scale') }];
    }),
  );
  const parameters = new Map<ParameterId, Tensor>();
  const { values } = lowerNetwork(
    builder,
    { ...network, ...part },
    {
      batchSize,
      mode: 'inference',
      inputs: part.inputs.map((id, index) => builder.input(`value/${index}`, [batchSize, ...shapeOf(network, id)])),
      parameter: (id) => {
        const known = parameters.get(id);
        if (known !== undefined) return known;
        const { shape, data } = network.parameters.get(id) ?? { shape: [0], data: new Float32Array(0) };
        const tensor = id === kernel ? builder.input('kernel', shape) : builder.constant(data, shape);
        parameters.set(id, tensor);
        return tensor;
      },
      transform: (id, value) => {
        const range = ranges.get(id);
        return range === undefined ? value : value.nonDecreasing((x) => fakeQuantize(builder, x, range));
      },
    },
  );
  const tensors = part.outputs.flatMap((id, index) => {
    const value = values.get(id);
    return value === undefined ? [] : [[`output/${index}`, value.batchMajor] as const];
  });
  return builder.build(Object.fromEntries(tensors));
}
