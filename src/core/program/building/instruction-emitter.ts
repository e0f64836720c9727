import type { Instruction } from '../instructions.ts';
import type { ElementType, Program, Tensor } from '../program.ts';
import { elements } from '../shapes.ts';

/** The instructions so far, with what is fed to them or fixed in them. */
export class InstructionEmitter {
  readonly #instructions: Instruction[] = [];
  readonly #inputs = new Map<string, Tensor>();

  get instructions(): readonly Instruction[] {
    return this.#instructions;
  }

  /** A tensor fed at each run; asking again for the same name gives the same tensor. */
  input(name: string, shape: readonly number[], type: ElementType = 'float32'): Tensor {
    const known = this.#inputs.get(name);
    if (known !== undefined) {
      if (known.type !== type || known.shape.join() !== shape.join())
        throw new RangeError(`input "${name}" is already ${known.type} [${known.shape.join(', ')}]`);
      return known;
    }
    const tensor = this.emit(shape, type, (output) => ({ op: 'input', name, output }));
    this.#inputs.set(name, tensor);
    return tensor;
  }

  constant(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Tensor {
    if (data.length !== elements(shape)) throw new RangeError(`constant of ${data.length} elements does not fill [${shape.join(', ')}]`);
    const type = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
    return this.emit(shape, type, (output) => ({ op: 'constant', data, output }));
  }

  scalar(value: number, type: 'float32' | 'int32' = 'float32'): Tensor {
    return this.constant(type === 'float32' ? Float32Array.of(value) : Int32Array.of(value), []);
  }

  /** The program that computes these tensors, as built; see `optimize` for the removal of dead and repeated work. */
  build(outputs: Readonly<Record<string, Tensor>>): Program {
    return { instructions: [...this.#instructions], outputs };
  }

  protected emit(shape: readonly number[], type: ElementType, instruction: (output: Tensor) => Instruction): Tensor {
    const output: Tensor = { id: this.#instructions.length, shape: [...shape], type };
    this.#instructions.push(instruction(output));
    return output;
  }
}
