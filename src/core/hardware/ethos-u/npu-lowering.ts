/** What the NPU executes for a graph: one or several operations for each operator, as Arm's compiler rewrites it (`tflite_graph_optimiser.py`). */
import type { Subgraph } from '../../tflite/tflite-model.ts';
import { graphOperators, type GraphOperator } from '../graph-operators.ts';
import type { Accelerator } from './accelerators.ts';
import { FeatureMaps, isView } from './feature-maps.ts';
import { lowerOperator } from './lower-operator.ts';
import type { NpuOperation } from './npu-operation.ts';
import { npuObstacle } from './npu-support.ts';
import { fusedPads } from './pad-fusion.ts';

export interface NpuProgram {
  readonly operations: readonly NpuOperation[];
  /** Operators that stay on the CPU, with the reason. */
  readonly cpu: readonly { readonly operator: GraphOperator; readonly reason: string }[];
}

export function lowerGraph(graph: Subgraph, accelerator: Accelerator): NpuProgram {
  const operators = graphOperators(graph);
  const cpu = operators.flatMap((operator) => {
    const reason = npuObstacle(operator);
    return reason === undefined ? [] : [{ operator, reason }];
  });
  const onCpu = new Set(cpu.map(({ operator }) => operator.index));
  const isOnNpu = (operator: GraphOperator): boolean => !onCpu.has(operator.index);
  const maps = new FeatureMaps(graph, accelerator, operators, isOnNpu);
  const pads = fusedPads(operators.filter(isOnNpu), maps);
  const program = new NpuProgramBuilder(maps, accelerator, pads);
  for (const operator of operators) {
    if (isOnNpu(operator) && !isView(operator) && !pads.has(operator.source.outputs[0] ?? -1)) lowerOperator(operator, program);
  }
  return { operations: program.operations, cpu };
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
