import type { ArenaBuffer, ArenaStep, KernelLibrary } from '../../../shared/hardware.ts';
import { EspalierError } from '../../errors.ts';
import type { Subgraph, TfliteModel, TfliteOperator } from '../../tflite/tflite-model.ts';
import { graphOperators } from '../graph-operators.ts';
import { arenaTensorBytes, isInArena } from './arena-tensors.ts';
import { offlineOffsets } from './offline-plan.ts';
import { scratchBuffers } from './scratch-buffers.ts';

/** A buffer of the arena before it has a place. */
export interface LiveBuffer extends Omit<ArenaBuffer, 'offset'> {
  /** An offset that the file prescribes. */
  readonly fixedOffset: number | undefined;
}

export interface Lifetimes {
  readonly steps: readonly ArenaStep[];
  /** In the planner's order: tensors of each subgraph, then scratch buffers. */
  readonly buffers: readonly LiveBuffer[];
}

/** A file whose subgraphs call each other more often than this is an attack, not a model. */
const mostSteps = 20_000;

/**
 * When each tensor and scratch buffer is in use. Inputs live from the first step, outputs to the last, all others from the operator that writes
 * them to the last one that reads them. Subgraphs of control flow are entered in place.
 * Source: tensorflow/lite/micro/micro_allocation_info.cc at 90b983c.
 *
 * @throws EspalierError `unsupported-model` for tensors without a fixed size, `invalid-model` for subgraphs that call themselves
 */
export function bufferLifetimes(model: TfliteModel, kernels: KernelLibrary | undefined): Lifetimes {
  const trace = new LifetimeTrace(model, kernels);
  trace.visit(0);
  return { steps: trace.steps, buffers: [...tensorBuffers(model, trace), ...trace.scratch] };
}

interface Lifetime {
  first: number;
  last: number;
}

class LifetimeTrace {
  readonly steps: ArenaStep[] = [{ label: 'input', operator: undefined }];
  readonly scratch: LiveBuffer[] = [];
  /** By subgraph, then by tensor; what is never used has no entry. */
  readonly tensors: readonly Map<number, Lifetime>[];
  private readonly active = new Set<number>();

  constructor(
    private readonly model: TfliteModel,
    private readonly kernels: KernelLibrary | undefined,
  ) {
    this.tensors = model.subgraphs.map(() => new Map());
  }

  visit(subgraph: number): void {
    const graph = this.model.subgraphs[subgraph];
    if (graph === undefined || this.active.has(subgraph)) {
      throw new EspalierError('invalid-model', graph === undefined ? 'it is called, but missing' : 'it calls itself', {
        where: `subgraph ${subgraph}`,
      });
    }
    this.active.add(subgraph);
    for (const input of graph.inputs) this.use(subgraph, input);
    for (const operator of graphOperators(graph)) {
      this.step({ label: operator.name, operator: operator.index });
      const begin = this.steps.length - 1;
      for (const output of operator.source.outputs) this.use(subgraph, output);
      for (const called of calledSubgraphs(operator.source)) {
        this.step({ label: `subgraph ${called}`, operator: undefined });
        this.visit(called);
      }
      for (const tensor of [...operator.source.inputs, ...operator.source.outputs]) if (tensor >= 0) this.use(subgraph, tensor);
      for (const bytes of scratchBuffers(operator, this.kernels)) {
        const lastStep = this.steps.length - 1;
        this.scratch.push({
          name: operator.name,
          kind: 'scratch',
          bytes: aligned(bytes),
          firstStep: begin,
          lastStep,
          fixedOffset: undefined,
        });
      }
    }
    for (const output of graph.outputs) this.use(subgraph, output);
    this.active.delete(subgraph);
  }

  private step(step: ArenaStep): void {
    if (this.steps.length >= mostSteps)
      throw new EspalierError('unsupported-model', `its subgraphs run more than ${mostSteps} operators`, { where: 'control flow' });
    this.steps.push(step);
  }

  private use(subgraph: number, tensor: number): void {
    const now = this.steps.length - 1;
    const lifetimes = this.tensors[subgraph];
    const known = lifetimes?.get(tensor);
    if (known === undefined) lifetimes?.set(tensor, { first: now, last: now });
    else known.last = now;
  }
}

function calledSubgraphs(operator: TfliteOperator): readonly number[] {
  const called = (names: readonly string[]): number[] =>
    names.flatMap((name) => {
      const value = operator.options[name];
      return typeof value === 'number' ? [value] : [];
    });
  switch (operator.name) {
    case 'IF':
      return called(['thenSubgraph', 'elseSubgraph']);
    case 'WHILE':
      return called(['conditionSubgraph', 'bodySubgraph']);
    case 'CALL_ONCE':
      return called(['subgraph']);
    default:
      return [];
  }
}

function tensorBuffers(model: TfliteModel, trace: LifetimeTrace): LiveBuffer[] {
  const prescribed = offlineOffsets(model);
  let position = 0;
  return model.subgraphs.flatMap((graph, subgraph) => {
    const decoded = decodedTensors(graph);
    return graph.tensors.flatMap((tensor, index): LiveBuffer[] => {
      const fixedOffset = prescribed?.[position++];
      if (!isInArena(tensor, fixedOffset)) return [];
      // The planner places what no operator touches too, as if it were used before everything else.
      const lifetime = trace.tensors[subgraph]?.get(index) ?? { first: -1, last: -1 };
      return [
        {
          name: tensor.name,
          kind: decoded.has(index) ? 'decoded' : 'tensor',
          bytes: aligned(arenaTensorBytes(tensor)),
          firstStep: lifetime.first,
          lastStep: lifetime.last,
          fixedOffset,
        },
      ];
    });
  });
}

/** Kernels that TFLM_DECODE unpacks live in the arena like activations. */
function decodedTensors(graph: Subgraph): ReadonlySet<number> {
  return new Set(graph.operators.flatMap((operator) => (operator.name === 'TFLM_DECODE' ? operator.outputs : [])));
}

const alignment = 16;

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
