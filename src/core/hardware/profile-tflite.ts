import {
  PROFILE_VERSION,
  type CycleProfile,
  type HardwareProfile,
  type KernelLibrary,
  type OperatorProfile,
  type RamProfile,
} from '../../shared/hardware.ts';
import { EspalierError } from '../errors.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import type { Subgraph, TfliteModel } from '../tflite/tflite-model.ts';
import { persistentBytes } from './arena/persistent-bytes.ts';
import { planArena } from './arena/plan-arena.ts';
import { fitBoard } from './boards.ts';
import { cortexM, type CortexM } from './cortex-m/cores.ts';
import { operatorCycles } from './cortex-m/operator-cycles.ts';
import { estimateEthosU, type EthosUEstimate } from './ethos-u/estimate-ethos-u.ts';
import { flashProfile } from './flash.ts';
import { graphOperators } from './graph-operators.ts';
import { operatorCosts } from './operator-costs.ts';
import { targetName, type HardwareTarget } from './targets.ts';
import { floatOperator, requireOperators, tfliteMicroObstacles } from './tflite-micro-kernels.ts';

export interface ProfileRequest {
  /** As it is named to the reader. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly target: HardwareTarget;
}

/**
 * What a .tflite file needs of a device, from its bytes alone.
 *
 * @throws EspalierError `invalid-model` or `unsupported-model`
 */
export function profileTflite({ file, bytes, target }: ProfileRequest): HardwareProfile {
  const model = readTflite(bytes);
  const graph = requireOperators(model);
  const core = target.core === undefined ? undefined : cortexM(target.core);
  const kernels = core?.kernels ?? 'reference';
  const estimate = target.npu === undefined ? undefined : npuEstimate(model, graph, target.npu);
  const computesInFloat = floatOperator(model);
  const operators = operatorProfiles(model, graph, computesInFloat === undefined ? core : undefined, estimate);
  const ram = ramProfile(model, kernels, estimate);
  const onCpu = operators.flatMap(({ kind, processor }) => (processor === 'npu' ? [] : [kind]));
  const flash = flashProfile(bytes.length, onCpu, kernels);
  return {
    version: PROFILE_VERSION,
    file,
    target: targetName(target),
    board: target.board === undefined ? undefined : fitBoard(target.board, ram, flash),
    operators,
    macs: operators.reduce((sum, { macs }) => sum + macs, 0),
    parameters: operators.reduce((sum, { parameters }) => sum + parameters, 0),
    ram,
    flash,
    cycles: cycleProfile(operators, core, estimate, target),
    npu: estimate && {
      name: estimate.accelerator,
      cycles: estimate.cycles,
      weightBytes: estimate.weightBytes,
      sramBytes: estimate.sram.bytes,
      clockHertz: estimate.clockHertz,
      cpuOperators: estimate.cpu.length,
      source: 'estimate',
    },
    warnings: [
      ...tfliteMicroObstacles(model),
      ...(computesInFloat === undefined || core === undefined
        ? []
        : [`it computes in float from ${computesInFloat} on: cycles are known for int8 only; quantize it first`]),
      ...int16Warnings(graph, operators),
      ...npuWarnings(estimate),
    ],
  };
}

/** The NPU's compiler plans what runs there by itself; the whole is one operator to TFLite Micro. */
function ramProfile(model: TfliteModel, kernels: KernelLibrary, estimate: EthosUEstimate | undefined): RamProfile {
  const head = planArena(model, kernels);
  const persistent = persistentBytes(model, kernels);
  const planned = { bytes: head.bytes, operator: head.steps[head.peakStep]?.label ?? '' };
  const isWholeOnNpu = estimate !== undefined && estimate.cpu.length === 0;
  const peak = estimate !== undefined && (isWholeOnNpu || estimate.sram.bytes > planned.bytes) ? estimate.sram : planned;
  return {
    kernels,
    arenaBytes: peak.bytes + persistent.bytes,
    peakOperator: peak.operator,
    head,
    tensorBytes: planArena(model, undefined).bytes,
    persistent,
  };
}

function npuEstimate(model: TfliteModel, graph: Subgraph, name: NonNullable<HardwareTarget['npu']>): EthosUEstimate {
  if (model.subgraphs.some(({ operators }) => operators.some((operator) => operator.name === 'TFLM_DECODE'))) {
    throw new EspalierError('unsupported-model', 'its kernels are packed for TFLite Micro, which Arm’s compiler does not read', {
      fix: 'profile the plain file (`espalier pack --undo` gives it back), or leave the NPU out of the target',
    });
  }
  return estimateEthosU(graph, name);
}

function operatorProfiles(
  model: TfliteModel,
  graph: Subgraph,
  core: CortexM | undefined,
  estimate: EthosUEstimate | undefined,
): readonly OperatorProfile[] {
  const obstacles = new Map(estimate?.cpu.map(({ operator, reason }) => [operator, reason]));
  const npuCycles = new Map<number, number>();
  for (const { operator, cycles } of estimate?.operations ?? []) npuCycles.set(operator, (npuCycles.get(operator) ?? 0) + cycles);
  const costs = operatorCosts(model);
  return graphOperators(graph).flatMap((operator): readonly OperatorProfile[] => {
    const cost = costs[operator.index];
    if (cost === undefined) return [];
    const npuObstacle = obstacles.get(operator.index);
    const isOnNpu = estimate !== undefined && npuObstacle === undefined;
    return [
      {
        ...cost,
        processor: isOnNpu ? 'npu' : core === undefined ? undefined : 'cpu',
        cycles: isOnNpu ? (npuCycles.get(operator.index) ?? 0) : core === undefined ? undefined : operatorCycles(operator, core),
        npuObstacle,
      },
    ];
  });
}

function cycleProfile(
  operators: readonly OperatorProfile[],
  core: CortexM | undefined,
  estimate: EthosUEstimate | undefined,
  { board }: HardwareTarget,
): CycleProfile | undefined {
  const sum = (processor: 'cpu' | 'npu'): number =>
    operators.reduce((total, operator) => total + (operator.processor === processor ? (operator.cycles ?? 0) : 0), 0);
  const isComplete = operators.every(({ cycles }) => cycles !== undefined);
  if (operators.length === 0 || !isComplete) return undefined;
  const cpu = sum('cpu');
  const npu = sum('npu');
  const seconds = cpu === 0 ? 0 : board === undefined ? undefined : cpu / board.clockHertz;
  return {
    cpu,
    npu,
    milliseconds: seconds === undefined ? undefined : (seconds + npu / (estimate?.clockHertz ?? 1)) * 1000,
    sources: [
      ...(cpu > 0 && core !== undefined ? [core.source] : []),
      ...(estimate === undefined ? [] : [`a model of ${estimate.accelerator} after Vela 3.10, at ${estimate.clockHertz / 1e6} MHz`]),
    ],
  };
}

/** The figures of a core are those of its int8 kernels. */
function int16Warnings(graph: Subgraph, operators: readonly OperatorProfile[]): readonly string[] {
  const onCpu = new Set(operators.flatMap(({ processor }, index) => (processor === 'cpu' ? [index] : [])));
  const operatorsInInt16 = graphOperators(graph).filter(({ index, outputs }) => onCpu.has(index) && outputs[0]?.type === 'int16');
  const [first, ...others] = operatorsInInt16;
  if (first === undefined) return [];
  const subject = `${first.kind} "${first.name}"`;
  return [
    others.length === 0
      ? `${subject} computes in int16: its cycles are counted as those of int8, which takes fewer`
      : `${subject} and ${others.length} more compute in int16: their cycles are counted as those of int8, which takes fewer`,
  ];
}

function npuWarnings(estimate: EthosUEstimate | undefined): readonly string[] {
  if (estimate === undefined) return [];
  return [
    ...estimate.cpu.map(({ kind, name, reason }) => `${kind} "${name}" runs on the CPU: ${reason}`),
    ...(estimate.sram.bytes > estimate.sramLimit
      ? [
          `its tensors take ${estimate.sram.bytes} bytes of SRAM at once, more than the ${estimate.sramLimit} that are assumed: the compiler will cut operators into stripes, and cycles are too low`,
        ]
      : []),
  ];
}
