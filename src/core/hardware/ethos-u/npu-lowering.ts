/** What the NPU executes for a graph: one or several operations for each operator, as Arm's compiler rewrites it (`tflite_graph_optimiser.py`). */
import type { Subgraph } from '../../tflite/tflite-model.ts';
import { graphOperators, type GraphOperator } from '../graph-operators.ts';
import type { Accelerator } from './accelerators.ts';
import { FeatureMaps, isView } from './feature-maps.ts';
import { lowerOperator } from './lower-operator.ts';
import type { NpuOperation } from './npu-operation.ts';
import { NpuProgramBuilder, plainOperation, type NpuProgram } from './npu-program.ts';
import { npuObstacle } from './npu-support.ts';
import { fusedPads } from './pad-fusion.ts';

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
    if (!isOnNpu(operator) || pads.has(operator.source.outputs[0] ?? -1)) continue;
    if (!isView(operator)) lowerOperator(operator, program);
    else if (maps.isCopied(operator)) program.emit(copyOf(operator, maps), operator.source.outputs[0]);
  }
  return { operations: program.operations, ...maps.interfaceStorages(), cpu };
}

function copyOf(operator: GraphOperator, maps: FeatureMaps): NpuOperation {
  const input = maps.of(operator.source.inputs[0] ?? -1);
  return { ...plainOperation(operator), kind: 'copy', input, output: { ...maps.of(operator.source.outputs[0] ?? -1), shape: input.shape } };
}
