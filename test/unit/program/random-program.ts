import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import type { Program, Tensor } from '../../../src/core/program/program.ts';
import { elements } from '../../../src/core/program/shapes.ts';
import { createRandom } from '../../../src/core/random.ts';

/** A seeded chain of smooth operations on images, with its gradients: some repeated, some unused. */
export function randomProgram(seed: number): { readonly program: Program; readonly inputs: Readonly<Record<string, Float32Array>> } {
  const random = createRandom(seed);
  const builder = createProgramBuilder();
  const inputs: Record<string, Float32Array> = {};
  const parameters: Tensor[] = [];
  const input = (shape: readonly number[]): Tensor => {
    const name = `p${parameters.length}`;
    inputs[name] = Float32Array.from({ length: elements(shape) }, () => random.normal() * 0.5);
    const tensor = builder.input(name, shape);
    parameters.push(tensor);
    return tensor;
  };
  const steps: readonly ((x: Tensor) => Tensor)[] = [
    (x) => builder.tanh(builder.add(x, input([x.shape[1] ?? 1, 1, 1]))),
    (x) => builder.mul(builder.sigmoid(x), builder.sigmoid(x)),
    (x) => builder.sub(x, builder.mean(x, [2, 3], true)),
    (x) => builder.conv2d(x, input([4, x.shape[1] ?? 1, 3, 3]), { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 }),
    (x) =>
      builder.conv2d(x, input([x.shape[1] ?? 1, 1, 2, 2]), {
        strides: [1, 1],
        pads: [1, 1, 0, 0],
        dilations: [1, 1],
        groups: x.shape[1] ?? 1,
      }),
    (x) => builder.transpose(builder.matmul(x, input([x.shape[3] ?? 1, x.shape[2] ?? 1])), [0, 1, 3, 2]),
    (x) => builder.concat([x, builder.erf(x)], 1),
    (x) => builder.add(builder.broadcastTo(builder.sum(x, [1], true), x.shape), builder.stopGradient(x)),
    (x) => builder.reshape(builder.reshape(x, [elements(x.shape)]), x.shape),
    (x) => builder.add(builder.mul(x, 1), builder.mul(builder.neg(builder.neg(x)), 0.5)),
  ];
  let x = input([2, 3, 5, 5]);
  for (let i = 0; i < 8; i++) {
    x = steps[random.integer(steps.length)]?.(x) ?? x;
    if (random.next() < 0.3) builder.exp(x);
  }
  const loss = builder.mean(builder.square(x));
  const gradients = gradient(builder, loss, parameters);
  return { program: builder.build({ loss, x, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) }), inputs };
}
