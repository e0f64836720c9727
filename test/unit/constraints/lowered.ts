/** Runs the lowered projection of a weight with the gradients of `sum(value * upstream)`. */
import type { Constraints } from '../../../src/core/constraints/constraint.ts';
import { lowerConstraints } from '../../../src/core/constraints/composition.ts';
import type { Engine, TensorData } from '../../../src/core/engine/engine.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import type { Tensor } from '../../../src/core/program/program.ts';

export interface Lowered {
  readonly value: readonly number[];
  readonly latentGradient: readonly number[];
  /** By the name of the trainable. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

export async function runLowered(
  engine: Engine,
  weights: readonly number[],
  shape: readonly number[],
  constraints: Constraints,
  upstream: readonly number[] = weights.map(() => 1),
): Promise<Lowered> {
  const builder = createProgramBuilder();
  const latent = builder.input('latent', shape);
  const lowered = lowerConstraints(builder, 'kernel', latent, constraints);
  const loss = builder.sum(builder.mul(lowered.value, builder.constant(Float32Array.from(upstream), shape)));
  const [latentGradient, ...others] = gradient(builder, loss, [latent, ...lowered.trainables.map(({ tensor }) => tensor)]);
  const outputs: Record<string, Tensor> = { value: lowered.value };
  if (latentGradient !== undefined) outputs['latent'] = latentGradient;
  lowered.trainables.forEach(({ name }, i) => {
    const tensor = others[i];
    if (tensor !== undefined) outputs[name] = tensor;
  });
  const inputs: Record<string, TensorData> = { latent: Float32Array.from(weights) };
  for (const { name, initial } of [...lowered.trainables, ...lowered.stepInputs]) inputs[name] = initial;
  const program = await engine.compile(builder.build(outputs));
  const results = await program.run(inputs);
  const numbers = (name: string): number[] => Array.from(results[name] ?? []);
  const answer = {
    value: numbers('value'),
    latentGradient: numbers('latent'),
    gradients: Object.fromEntries(lowered.trainables.map(({ name }) => [name, numbers(name)])),
  };
  await program.dispose();
  return answer;
}
