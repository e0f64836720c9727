import type { Subgraph, TfliteTensor } from '../../tflite/tflite-model.ts';
import type { GraphOperator } from '../graph-operators.ts';
import type { Accelerator, MemoryName, Volume } from './accelerators.ts';
import { brickDepth, type FeatureMap } from './npu-operation.ts';

/** Operators that only look at a tensor in another shape or at a part of it: nothing is computed. */
const views = ['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS', 'SPLIT', 'SPLIT_V', 'SLICE', 'STRIDED_SLICE', 'UNPACK'];
const reshapes = ['RESHAPE', 'SQUEEZE', 'EXPAND_DIMS'];

export function isView(operator: GraphOperator): boolean {
  return views.includes(operator.kind);
}

/** Where tensors of the graph are and in which order their elements lie. */
export class FeatureMaps {
  private readonly consumers = new Map<number, GraphOperator[]>();
  private readonly producers = new Map<number, GraphOperator>();
  private intermediates = 0;

  constructor(
    private readonly graph: Subgraph,
    private readonly target: Accelerator,
    operators: readonly GraphOperator[],
    private readonly isOnNpu: (operator: GraphOperator) => boolean,
  ) {
    for (const operator of operators) {
      for (const input of operator.source.inputs) this.consumers.set(input, [...(this.consumers.get(input) ?? []), operator]);
      for (const output of operator.source.outputs) this.producers.set(output, operator);
    }
  }

  consumersOf(tensor: number): readonly GraphOperator[] {
    return this.consumers.get(tensor) ?? [];
  }

  producerOf(tensor: number): GraphOperator | undefined {
    return this.producers.get(tensor);
  }

  /** Storages that are filled before, and those that are read after. */
  interfaceStorages(): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
    const storage = (index: number): string => `tensor ${this.sourceOf(index)}`;
    return { inputs: this.graph.inputs.map(storage), outputs: this.graph.outputs.map(storage) };
  }

  isInterface(tensor: number): boolean {
    return this.graph.inputs.includes(tensor) || this.graph.outputs.includes(tensor);
  }

  of(index: number, shape?: Volume): FeatureMap {
    const tensor = this.graph.tensors[index];
    const source = this.sourceOf(index);
    return {
      storage: this.graph.tensors[source]?.data === undefined ? `tensor ${source}` : undefined,
      shape: shape ?? (tensor === undefined ? { height: 1, width: 1, depth: 1 } : volumeOf(tensor)),
      bits: tensor?.type === 'int16' ? 16 : tensor?.type === 'int32' ? 32 : 8,
      memory: this.memoryOf(index),
      isBricked: this.isBricked(index),
    };
  }

  /** A tensor between two operations of the same operator. */
  between(shape: Volume, bits: FeatureMap['bits'], isBricked = false): FeatureMap {
    return { storage: `intermediate ${this.intermediates++}`, shape, bits, memory: 'sram', isBricked };
  }

  constant(shape: Volume, bits: FeatureMap['bits']): FeatureMap {
    return { storage: undefined, shape, bits, memory: 'dram', isBricked: false };
  }

  /** An input of the network that is looked at in another shape is copied first. */
  isCopied({ kind, source }: GraphOperator): boolean {
    return reshapes.includes(kind) && this.graph.inputs.includes(source.inputs[0] ?? -1);
  }

  /** The tensor that a view looks at, by way of others. */
  private sourceOf(view: number): number {
    let index = view;
    // A damaged file may hold a view of itself.
    for (const seen = new Set<number>(); !seen.has(index); seen.add(index)) {
      const producer = this.producers.get(index);
      if (producer === undefined || !isView(producer) || !this.isOnNpu(producer) || this.isCopied(producer)) return index;
      index = producer.source.inputs[0] ?? index;
    }
    return index;
  }

  private memoryOf(view: number): MemoryName {
    const index = this.sourceOf(view);
    if (this.graph.tensors[index]?.data !== undefined) return 'dram';
    const { interfaceMemory } = this.target.memory;
    if (this.isInterface(index)) return interfaceMemory;
    const producer = this.producers.get(index);
    const touchesCpu = [...(producer === undefined ? [] : [producer]), ...this.consumersOf(index)].some(
      (operator) => !this.isOnNpu(operator),
    );
    if (touchesCpu) return interfaceMemory;
    const ends = this.consumersOf(index).some(
      (operator) => isView(operator) && this.graph.outputs.includes(operator.source.outputs[0] ?? -1),
    );
    return ends ? interfaceMemory : 'sram';
  }

  private isBricked(view: number): boolean {
    const index = this.sourceOf(view);
    if (this.isInterface(index)) return false;
    const producer = this.producers.get(index);
    // A view that is still here is a copy.
    if (producer === undefined || !this.isOnNpu(producer) || isView(producer)) return false;
    const consumers = this.consumersOf(index);
    return consumers.length > 0 && consumers.every((consumer) => this.isOnNpu(consumer) && this.readsBricks(consumer, index));
  }

  private readsBricks(consumer: GraphOperator, index: number): boolean {
    if (reshapes.includes(consumer.kind)) return false;
    const tensor = this.graph.tensors[index];
    // A dense layer reads rows: other shapes are looked at as such.
    if (consumer.kind === 'FULLY_CONNECTED') return (tensor?.shape.length ?? 0) <= 2;
    return consumer.kind !== 'TRANSPOSE' && consumer.kind !== 'SOFTMAX' ? true : (tensor?.shape.at(-1) ?? 0) % brickDepth === 0;
  }
}

/** The last three dimensions, a batch counted as rows. */
export function volumeOf({ shape }: TfliteTensor): Volume {
  const [depth = 1, width = 1, height = 1, batch = 1] = [...shape].reverse();
  return { height: height * batch, width, depth };
}
