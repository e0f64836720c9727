/** Walks the nodes of a graph: constants are folded, the others become operations of the network. */
import { EspalierError } from '../../errors.ts';
import type { Network, ValueId } from '../../network/network.ts';
import { NetworkBuilder } from '../../network/network-builder.ts';
import { rename } from '../../network/passes/rewrite.ts';
import { foldNode, isHostOperator } from './fold-node.ts';
import { Layout, type ValueRange } from './layout.ts';
import { LayerNames } from './layer-names.ts';
import { NodeContext } from './node-context.ts';
import { isNonNegative } from './non-negative.ts';
import type { OnnxGraph, OnnxNode } from './onnx-graph.ts';
import { converterOf, remedyOf } from './operators/operator-table.ts';
import { OperatorRefusal } from './refusal.ts';
import { Refusals } from './refusals.ts';
import type { ExternalFiles } from './tensor-proto.ts';
import type { ComputedValue, ElementKind, OnnxValue } from './value.ts';

/** A value of the network and the tensor of the original model that it stands for. */
export interface TracedValue extends ComputedValue {
  /** As the original model names it. */
  readonly name: string;
  readonly node: OnnxNode;
}

export interface ConvertedGraph {
  readonly network: Network;
  readonly inputs: readonly (ComputedValue & { readonly name: string })[];
  readonly outputs: readonly (ComputedValue & { readonly name: string })[];
  readonly traced: readonly TracedValue[];
  readonly ranges: ReadonlyMap<ValueId, ValueRange>;
}

/** An input with its lengths decided and the order that the network stores its axes in. */
export interface PlannedInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  readonly batch: number | undefined;
  readonly element: ElementKind;
}

export interface ConversionPlan {
  readonly name: string;
  readonly batchSize: number;
  readonly inputs: readonly PlannedInput[];
  readonly external: ExternalFiles;
}

/** @throws EspalierError `unsupported-model` that names every operator that is not supported, `invalid-model` for a broken graph */
export function convertGraph(graph: OnnxGraph, plan: ConversionPlan, where: string): ConvertedGraph {
  return new GraphConversion(graph, plan, where).run();
}

class GraphConversion {
  readonly #graph: OnnxGraph;
  readonly #plan: ConversionPlan;
  readonly #where: string;
  readonly #builder: NetworkBuilder;
  readonly #layout: Layout;
  readonly #values = new Map<string, OnnxValue>();
  readonly #names = new LayerNames();
  readonly #traced: TracedValue[] = [];
  readonly #refusals = new Refusals();

  constructor(graph: OnnxGraph, plan: ConversionPlan, where: string) {
    this.#graph = graph;
    this.#plan = plan;
    this.#where = where;
    this.#builder = new NetworkBuilder(plan.name);
    this.#layout = new Layout(this.#builder, plan.batchSize);
  }

  run(): ConvertedGraph {
    const inputs = this.#plan.inputs.map(({ name, shape, axes, batch, element }) => {
      const id = this.#builder.input(
        axes.map((axis) => shape[axis] ?? 1),
        name,
      );
      const value = { kind: 'computed', id, shape, axes, batch, element } as const;
      this.#values.set(name, value);
      return { ...value, name };
    });
    for (const node of this.#graph.nodes) this.#visit(node);
    this.#refusals.report(this.#where);
    const outputs = this.#outputs();
    // Outputs are called what the file calls them: recipes name their labels so.
    const built = this.#builder.build(outputs.map(({ id }) => id));
    const { network, of } = rename(built, new Map(outputs.map(({ id, name }) => [id, name])));
    const renamed = <T extends ComputedValue>(value: T): T => ({ ...value, id: of(value.id) });
    return {
      network,
      inputs: inputs.map(renamed),
      outputs: outputs.map(renamed),
      traced: this.#traced.map(renamed),
      ranges: new Map([...this.#layout.ranges].map(([id, range]) => [of(id), range])),
    };
  }

  #visit(node: OnnxNode): void {
    const values = node.inputs.map((name) => this.#valueOf(name, node));
    const { opset } = this.#graph;
    try {
      const folded = foldNode({ node, opset, values, external: this.#plan.external });
      if (folded !== undefined) {
        for (const [i, tensor] of folded.entries()) this.#define(node, i, { kind: 'constant', tensor, name: undefined });
        return;
      }
      const converter = converterOf(node.domain, node.op);
      if (converter === undefined && !isHostOperator(node)) throw new OperatorRefusal('is not supported', remedyOf(node.domain, node.op));
      if (values.some((value) => value?.kind === 'unknown')) {
        this.#poison(node);
        return;
      }
      if (converter === undefined)
        throw new OperatorRefusal('of values that the network computes is not supported', remedyOf(node.domain, node.op));
      const weights = values.flatMap((value) => (value?.kind === 'constant' && value.name !== undefined ? [value.name] : []));
      const result = converter(new NodeContext(node, opset, this.#layout, this.#names.of(node, weights), values));
      const nonNegative = isNonNegative(node, values, (id) => this.#layout.nonNegative.has(id));
      for (const [i, value] of (isList(result) ? result : [result]).entries()) {
        this.#define(node, i, value);
        if (nonNegative) this.#layout.nonNegative.add(value.id);
        const name = node.outputs[i] ?? '';
        if (name !== '' && value.element !== 'quantized') this.#traced.push({ ...value, name, node });
      }
    } catch (error) {
      if (!(error instanceof OperatorRefusal)) throw error;
      this.#refusals.add(node, values.map(shapeText), error);
      this.#poison(node);
    }
  }

  /** Goes on as well as it can, so that all that is not supported is found: a value takes the shape that the file states. */
  #poison(node: OnnxNode): void {
    for (const [i, name] of node.outputs.entries()) {
      const stated = this.#graph.statedShapes.get(name);
      const shape = stated?.map((length, axis) => length ?? (axis === 0 ? this.#plan.batchSize : undefined));
      if (
        shape === undefined ||
        shape.length === 0 ||
        !shape.every((length) => length !== undefined && length > 0) ||
        shape[0] !== this.#plan.batchSize
      ) {
        this.#define(node, i, { kind: 'unknown' });
        continue;
      }
      const known = shape.map((length) => length ?? 1);
      const axes = known.map((_, axis) => axis).slice(1);
      const id = this.#builder.input(
        axes.map((axis) => known[axis] ?? 1),
        name,
      );
      this.#define(node, i, { kind: 'computed', id, shape: known, axes, batch: 0, element: 'float' });
    }
  }

  #define(node: OnnxNode, position: number, value: OnnxValue): void {
    const name = node.outputs[position];
    if (name !== undefined && name !== '') this.#values.set(name, value);
  }

  #valueOf(name: string, node: OnnxNode): OnnxValue | undefined {
    if (name === '') return undefined;
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    const initializer = this.#graph.initializers.get(name);
    if (initializer === undefined)
      throw new EspalierError('invalid-model', `reads "${name}", which nothing before it computes`, {
        where: `node "${node.name}"`,
        fix: 'export or copy the model again',
      });
    const constant = { kind: 'constant', tensor: initializer(), name } as const;
    this.#values.set(name, constant);
    return constant;
  }

  /** Images stay channels-last, other values come in ONNX's order of axes; each is computed by an operation of its own. */
  #outputs(): ConvertedGraph['outputs'] {
    const used = new Set<ValueId>(this.#plan.inputs.map(({ name }) => name));
    return this.#graph.outputs.map((name) => {
      const value = this.#values.get(name);
      if (value?.kind !== 'computed')
        throw new EspalierError('unsupported-model', `its output "${name}" does not depend on its inputs`, {
          where: this.#where,
          fix: 'export the model without that output',
        });
      if (value.element === 'quantized')
        throw new EspalierError('unsupported-model', `its output "${name}" is quantized`, {
          where: this.#where,
          fix: 'end the model with DequantizeLinear, or give the float model that it was made from',
        });
      const isImage = value.batch === 0 && value.shape.length >= 3 && value.axes.join() === channelsLast(value.shape.length);
      const ordered = isImage
        ? value
        : this.#layout.reordered(
            value,
            value.shape.map((_, axis) => axis).filter((axis) => axis !== value.batch),
            name,
          );
      const id = used.has(ordered.id) ? this.#builder.reshape(name, ordered.id, this.#builder.shapeOf(ordered.id)) : ordered.id;
      used.add(id);
      return { ...ordered, id, name };
    });
  }
}

function channelsLast(rank: number): string {
  return [...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1].join();
}

function isList(result: ComputedValue | readonly ComputedValue[]): result is readonly ComputedValue[] {
  return Array.isArray(result);
}

function shapeText(value: OnnxValue | undefined): string {
  switch (value?.kind) {
    case 'computed':
      return `[${value.shape.join(', ')}]`;
    case 'constant':
      return `[${value.tensor.shape.join(', ')}]`;
    case 'unknown':
      return '?';
    case undefined:
      return '-';
  }
}
