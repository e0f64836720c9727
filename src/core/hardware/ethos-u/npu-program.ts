import type { GraphOperator } from '../graph-operators.ts';
import type { Accelerator } from './accelerators.ts';
import type { FeatureMaps } from './feature-maps.ts';
import { pointKernel, type NpuOperation } from './npu-operation.ts';

export interface NpuProgram {
  readonly operations: readonly NpuOperation[];
  /** Storages of the graph's inputs and outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Operators that stay on the CPU, with the reason. */
  readonly cpu: readonly { readonly operator: GraphOperator; readonly reason: string }[];
}

/** What is the same for most operations of an operator. */
export function plainOperation({ index, name, options }: GraphOperator): Omit<NpuOperation, 'kind' | 'input' | 'output'> {
  const activation = options['activation'];
  return {
    operator: index,
    name,
    kernel: pointKernel,
    elementwise: 'other',
    isMaximum: false,
    activation: activation === 'tanh' ? 'table' : activation === undefined || activation === 'none' ? 'none' : 'relu',
    tableBytes: 0,
    isScaled: true,
    isUpscaled: false,
  };
}

/** Operations so far, and which tensor each of them writes. */
export class NpuProgramBuilder {
  readonly operations: NpuOperation[] = [];
  private readonly writers = new Map<number, number>();

  constructor(
    readonly maps: FeatureMaps,
    readonly accelerator: Accelerator,
    private readonly pads: ReadonlyMap<number, number>,
  ) {}

  /** Index of the tensor that the operator's input is, before a padding that the NPU does by itself. */
  input(operator: GraphOperator, input: number): number {
    const index = operator.source.inputs[input] ?? -1;
    return this.pads.get(index) ?? index;
  }

  output(operator: GraphOperator): number {
    return operator.source.outputs[0] ?? -1;
  }

  /** @param tensor index of the tensor that it writes, undefined for one between the operations of an operator */
  emit(operation: NpuOperation, tensor: number | undefined): void {
    if (tensor !== undefined) this.writers.set(tensor, this.operations.length);
    this.operations.push(operation);
  }

  /**
   * Lets the operation that writes a tensor apply an activation at its end. Not possible where others read the tensor too, where it has an activation
   * already, or where a table takes room from sums.
   */
  fuseActivation(tensor: number, activation: 'relu' | 'table', tableBytes: number, output: number): boolean {
    const at = this.writers.get(tensor);
    const writer = at === undefined ? undefined : this.operations[at];
    if (at === undefined || writer === undefined || writer.activation !== 'none' || this.maps.isInterface(tensor)) return false;
    if (this.maps.consumersOf(tensor).length !== 1 || (tableBytes > 0 && this.accelerator.buffer.tableBanks === 0)) return false;
    this.operations[at] = { ...writer, activation, tableBytes, output: { ...this.maps.of(output), shape: writer.output.shape } };
    this.writers.set(output, at);
    return true;
  }
}
