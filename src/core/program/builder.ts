import { elementWise } from './building/elementwise.ts';
import { createEmitter } from './building/emitter.ts';
import { movement } from './building/movement.ts';
import { reductions } from './building/reductions.ts';
import { windows } from './building/windows.ts';

export type { Operand } from './building/elementwise.ts';

/**
 * Builds a program instruction by instruction. Each file in `building/` gives the functions of one kind of instruction.
 * All check shapes and types at once and throw a `RangeError` that names both shapes, so that a wrong lowering fails
 * where it is written rather than inside an engine.
 *
 * @example The mean square of each row of an input `[2, 3]`:
 * ```ts
 * const builder = createProgramBuilder();
 * const x = builder.input('x', [2, 3]);
 * const program = builder.build({ y: builder.mean(builder.square(x), [1]) });
 * ```
 */
export function createProgramBuilder() {
  const emitter = createEmitter();
  const { instructions, input, constant, scalar, build } = emitter;
  return {
    instructions,
    input,
    constant,
    scalar,
    build,
    ...elementWise(emitter),
    ...reductions(emitter),
    ...movement(emitter),
    ...windows(emitter),
  };
}

/** Made by `createProgramBuilder`. */
export type ProgramBuilder = ReturnType<typeof createProgramBuilder>;
