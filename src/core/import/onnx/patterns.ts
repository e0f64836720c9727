/**
 * Activations that exporters write as several nodes, because their operator set had no operator for them, and guards against
 * NaN: the last node of such a chain is replaced by the one operator. The others stay only where something else reads them.
 */
import type { HostTensor } from './host-tensor.ts';
import { NodeAttributes, type OnnxGraph, type OnnxNode } from './onnx-graph.ts';
import { constantOf } from './host-operators.ts';
import { readTensor, type ExternalFiles } from './tensor-proto.ts';

export function recognizePatterns(graph: OnnxGraph, external: ExternalFiles): OnnxGraph {
  const nodes = new Nodes(graph, external);
  const replaced = graph.nodes.map((node) => {
    const replacement = node.domain === '' ? replacementOf(node, nodes) : undefined;
    return replacement === undefined ? node : { ...node, ...replacement };
  });
  return { ...graph, nodes: liveNodes(replaced, graph.outputs) };
}

/** Nodes that an output depends on. */
function liveNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): readonly OnnxNode[] {
  const needed = new Set(outputs);
  const live: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    live.push(node);
  }
  return live.reverse();
}

type Replacement = Pick<OnnxNode, 'op' | 'inputs' | 'attributes'>;

const named = (op: string, x: string, attribute?: { readonly name: string; readonly text: string }): Replacement => ({
  op,
  inputs: [x],
  attributes: new NodeAttributes(
    attribute === undefined
      ? []
      : [
          {
            name: attribute.name,
            s: new TextEncoder().encode(attribute.text),
            f: 0,
            i: 0,
            t: undefined,
            g: undefined,
            floats: [],
            ints: [],
            strings: [],
            type: 3,
            refAttrName: '',
          },
        ],
  ),
});

/** A product as its factors: numbers are multiplied together, the rest is a list of tensors. */
interface Product {
  readonly number: number;
  readonly tensors: readonly string[];
}

const near = (value: number | undefined, expected: number): boolean =>
  value !== undefined && Math.abs(value - expected) <= 1e-3 * Math.abs(expected);

function replacementOf(node: OnnxNode, nodes: Nodes): Replacement | undefined {
  switch (node.op) {
    case 'Mul':
    case 'Div':
      return activationOf(node, nodes);
    case 'Where':
      return unguarded(node, nodes);
    default:
      return undefined;
  }
}

/** `where(isnan(x), c, x)`, with which exporters guard attention against rows that are masked whole: `x`, in a network without NaN. */
function unguarded({ inputs: [condition = '', , x = ''] }: OnnxNode, nodes: Nodes): Replacement | undefined {
  return nodes.producer(condition, 'IsNaN')?.inputs[0] === x ? named('Identity', x) : undefined;
}

function activationOf(node: OnnxNode, nodes: Nodes): Replacement | undefined {
  const { number, tensors } = nodes.product(node.outputs[0] ?? '', 4);
  if (tensors.length !== 2) return undefined;
  for (const [x = '', other = ''] of [tensors, tensors.toReversed()]) {
    if (near(number, 1) && isSigmoidOf(nodes, other, x)) return named('Swish', x);
    if (near(number, 1) && isTanhOfSoftplus(nodes, other, x)) return named('Mish', x);
    if (near(number, 1) && isHardSigmoidOf(nodes, other, x)) return named('HardSwish', x);
    if (near(number, 1 / 6) && isShiftedRelu6(nodes, other, x)) return named('HardSwish', x);
    if (near(number, 0.5) && isOnePlus(nodes, other, (inner) => isErfOf(nodes, inner, x))) return named('Gelu', x);
    if (near(number, 0.5) && isOnePlus(nodes, other, (inner) => isTanhOfCubic(nodes, inner, x)))
      return named('Gelu', x, { name: 'approximate', text: 'tanh' });
  }
  return undefined;
}

function isSigmoidOf(nodes: Nodes, name: string, x: string): boolean {
  const node = nodes.producer(name, 'Sigmoid');
  return node?.inputs[0] === x;
}

function isTanhOfSoftplus(nodes: Nodes, name: string, x: string): boolean {
  const tanh = nodes.producer(name, 'Tanh');
  const softplus = tanh === undefined ? undefined : nodes.producer(tanh.inputs[0] ?? '', 'Softplus');
  return softplus?.inputs[0] === x;
}

function isHardSigmoidOf(nodes: Nodes, name: string, x: string): boolean {
  const node = nodes.producer(name, 'HardSigmoid');
  return node?.inputs[0] === x && near(node.attributes.float('alpha', 0.2), 1 / 6) && near(node.attributes.float('beta', 0.5), 0.5);
}

/** `min(max(x + 3, 0), 6)` */
function isShiftedRelu6(nodes: Nodes, name: string, x: string): boolean {
  const clip = nodes.producer(name, 'Clip');
  if (clip === undefined) return false;
  const least = nodes.scalar(clip.inputs[1] ?? '') ?? clip.attributes.float('min', -Infinity);
  const most = nodes.scalar(clip.inputs[2] ?? '') ?? clip.attributes.float('max', Infinity);
  return least === 0 && most === 6 && nodes.isSum(clip.inputs[0] ?? '', 3, (inner) => inner === x);
}

function isOnePlus(nodes: Nodes, name: string, isRest: (inner: string) => boolean): boolean {
  return nodes.isSum(name, 1, isRest);
}

/** `erf(x / sqrt(2))` */
function isErfOf(nodes: Nodes, name: string, x: string): boolean {
  const erf = nodes.producer(name, 'Erf');
  if (erf === undefined) return false;
  const { number, tensors } = nodes.product(erf.inputs[0] ?? '', 2);
  return tensors.length === 1 && tensors[0] === x && near(number, Math.SQRT1_2);
}

/** `tanh(sqrt(2 / pi) (x + 0.044715 x^3))` */
function isTanhOfCubic(nodes: Nodes, name: string, x: string): boolean {
  const tanh = nodes.producer(name, 'Tanh');
  if (tanh === undefined) return false;
  const { number, tensors } = nodes.product(tanh.inputs[0] ?? '', 2);
  const sum = tensors.length === 1 ? nodes.producer(tensors[0] ?? '', 'Add') : undefined;
  if (sum === undefined || !near(number, Math.sqrt(2 / Math.PI))) return false;
  const cubic = sum.inputs.find((input) => input !== x);
  if (cubic === undefined || !sum.inputs.includes(x)) return false;
  const factors = nodes.product(cubic, 4);
  if (!near(factors.number, 0.044715)) return false;
  const [cube = ''] = factors.tensors;
  const power = nodes.producer(cube, 'Pow');
  return (
    (factors.tensors.length === 3 && factors.tensors.every((tensor) => tensor === x)) ||
    (factors.tensors.length === 1 && power?.inputs[0] === x && nodes.scalar(power.inputs[1] ?? '') === 3)
  );
}

/** Who computes a tensor, and the numbers among the constants. */
class Nodes {
  readonly #producers = new Map<string, OnnxNode>();
  readonly #graph: OnnxGraph;
  readonly #external: ExternalFiles;

  constructor(graph: OnnxGraph, external: ExternalFiles) {
    this.#graph = graph;
    this.#external = external;
    for (const node of graph.nodes) for (const output of node.outputs) this.#producers.set(output, node);
  }

  producer(name: string, op: string): OnnxNode | undefined {
    const node = this.#producers.get(name);
    return node?.op === op && node.domain === '' ? node : undefined;
  }

  /** The value of a constant of one element. */
  scalar(name: string): number | undefined {
    const tensor = this.#constant(name);
    return tensor?.data.length === 1 ? tensor.data[0] : undefined;
  }

  /** Whether a tensor is the sum of a number and one that satisfies `isRest`. */
  isSum(name: string, number: number, isRest: (inner: string) => boolean): boolean {
    const sum = this.producer(name, 'Add');
    return sum?.inputs.some((input, i) => near(this.scalar(input), number) && isRest(sum.inputs[1 - i] ?? '')) === true;
  }

  /** @param depth of products within products */
  product(name: string, depth: number): Product {
    const mul = this.producer(name, 'Mul');
    const div = this.producer(name, 'Div');
    const node = mul ?? div;
    if (node === undefined || depth === 0) return { number: 1, tensors: [name] };
    const [left = '', right = ''] = node.inputs;
    const divisor = div === undefined ? undefined : this.scalar(right);
    if (div !== undefined && divisor === undefined) return { number: 1, tensors: [name] };
    const factors = (div === undefined ? [left, right] : [left]).map((input): Product => {
      const number = this.scalar(input);
      return number === undefined ? this.product(input, depth - 1) : { number, tensors: [] };
    });
    return {
      number: factors.reduce((product, factor) => product * factor.number, 1 / (divisor ?? 1)),
      tensors: factors.flatMap((factor) => factor.tensors),
    };
  }

  #constant(name: string): HostTensor | undefined {
    const initializer = this.#graph.initializers.get(name);
    if (initializer !== undefined) return initializer();
    const node = this.producer(name, 'Constant');
    if (node === undefined) return undefined;
    const attribute = (key: string): HostTensor | undefined => {
      const tensor = node.attributes.get(key)?.t;
      return tensor === undefined ? undefined : readTensor(tensor, this.#external);
    };
    return node.attributes.has('value_string') || node.attributes.has('value_strings') || node.attributes.has('sparse_value')
      ? undefined
      : constantOf({ node, attribute });
  }
}
