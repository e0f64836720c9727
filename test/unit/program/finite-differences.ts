import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createProgramBuilder, type ProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import type { Tensor } from '../../../src/core/program/program.ts';
import { elements } from '../../../src/core/program/shapes.ts';
import { createRandom } from '../../../src/core/random.ts';

export interface Differentiated {
  readonly shapes: readonly (readonly number[])[];
  readonly build: (builder: ProgramBuilder, ...inputs: Tensor[]) => Tensor;
  /** Values of the inputs; standard normal when left out. */
  readonly value?: ((random: () => number) => number) | undefined;
}

/**
 * The largest difference between symbolic gradients and central differences of a random weighted sum of the outputs,
 * relative to the largest gradient.
 */
export async function gradientError({ shapes, build, value }: Differentiated, engine?: Engine): Promise<number> {
  const { run, inputs } = await compileGradients({ shapes, build, value }, engine ?? (await createEngine({ threads: 1 })));
  const symbolic = (await run(inputs)).gradients.map((g) => Float32Array.from(g));
  const step = 1 / 128;
  let error = 0;
  let largest = 0;
  for (const [i, input] of inputs.entries()) {
    for (let j = 0; j < input.length; j++) {
      const at = async (shift: number): Promise<number> =>
        (await run(inputs.map((data, k) => (k === i ? data.map((x, l) => (l === j ? x + shift : x)) : data)))).loss;
      const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
      error = Math.max(error, Math.abs(numeric - (symbolic[i]?.[j] ?? NaN)));
      largest = Math.max(largest, Math.abs(numeric));
    }
  }
  return error / Math.max(largest, 1e-3);
}

/** The loss and gradients of a random weighted sum of the outputs, and seeded inputs for it. */
export async function compileGradients({ shapes, build, value }: Differentiated, engine: Engine) {
  const random = createRandom(7);
  const sample = value ?? (() => random.normal());
  const inputs = shapes.map((shape) => Float32Array.from({ length: elements(shape) }, () => sample(() => random.next())));
  const builder = createProgramBuilder();
  const tensors = shapes.map((shape, i) => builder.input(`x${i}`, shape));
  const y = build(builder, ...tensors);
  const weights = builder.constant(
    Float32Array.from({ length: elements(y.shape) }, () => random.normal()),
    y.shape,
  );
  const loss = builder.sum(builder.mul(y, weights));
  const gradients = gradient(builder, loss, tensors);
  const program = builder.build({ loss, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) });
  const compiled = await engine.compile(program);
  return {
    inputs,
    run: async (values: readonly Float32Array[]) => {
      const outputs = await compiled.run(Object.fromEntries(values.map((data, i) => [`x${i}`, data])));
      return { loss: outputs.loss?.[0] ?? NaN, gradients: gradients.map((_, i) => Float32Array.from(outputs[`g${i}`] ?? [])) };
    },
  };
}
