import type { Instruction } from '../instructions.ts';
import { elements } from '../shapes.ts';
import type { ElementType, Program, Tensor } from '../program.ts';

/**
 * Appends one instruction and returns the tensor that it computes.
 *
 * @param instruction makes the instruction from its output tensor
 */
export type Emit = (shape: readonly number[], type: ElementType, instruction: (output: Tensor) => Instruction) => Tensor;

/** The list of instructions of a program under construction, and where tensors come from: inputs and constants. */
export function createEmitter() {
  const instructions: Instruction[] = [];
  const inputs = new Map<string, Tensor>();

  const emit: Emit = (shape, type, instruction) => {
    const output: Tensor = { id: instructions.length, shape: [...shape], type };
    instructions.push(instruction(output));
    return output;
  };

  /**
   * A constant, row-major: `Float32Array` gives float32, `Int32Array` int32, `Uint8Array` bool.
   *
   * @throws RangeError when the data does not fill the shape
   */
  const constant = (data: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Tensor => {
    if (data.length !== elements(shape)) throw new RangeError(`constant of ${data.length} elements does not fill [${shape.join(', ')}]`);
    const type = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
    return emit(shape, type, (output) => ({ op: 'constant', data, output }));
  };

  return {
    emit,
    constant,

    /** All instructions so far, in the order of execution; grows with each one. */
    instructions: instructions as readonly Instruction[],

    /**
     * A tensor that the engine is given at each run. The same name gives the same tensor.
     *
     * @throws RangeError when the name is taken by an input of another shape or type
     */
    input(name: string, shape: readonly number[], type: ElementType = 'float32'): Tensor {
      const known = inputs.get(name);
      if (known !== undefined) {
        if (known.type !== type || known.shape.join() !== shape.join())
          throw new RangeError(`input "${name}" is already ${known.type} [${known.shape.join(', ')}]`);
        return known;
      }
      const tensor = emit(shape, type, (output) => ({ op: 'input', name, output }));
      inputs.set(name, tensor);
      return tensor;
    },

    /** A constant of shape `[]`. */
    scalar(value: number, type: 'float32' | 'int32' = 'float32'): Tensor {
      return constant(type === 'float32' ? Float32Array.of(value) : Int32Array.of(value), []);
    },

    /** The program that computes these tensors, with every instruction as built; `optimize` removes dead and repeated ones. */
    build(outputs: Readonly<Record<string, Tensor>>): Program {
      return { instructions: [...instructions], outputs };
    },
  };
}

/** Made by `createEmitter`. */
export type Emitter = ReturnType<typeof createEmitter>;
