/** What layers are called: after PyTorch's modules where the exporter's names tell them. */
import type { OnnxNode } from './onnx-graph.ts';

/** Operators whose weights make them a layer of their own; the others are named with their operator. */
const layers = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'BatchNormalization',
  'LayerNormalization',
  'InstanceNormalization',
  'PRelu',
]);

export class LayerNames {
  readonly #taken = new Set<string>();
  /** Nodes that share their weights are one layer. */
  readonly #byWeights = new Map<string, string>();

  /** @param weights names of the initializers that the node reads */
  of(node: OnnxNode, weights: readonly string[]): string {
    const shared = layers.has(node.op) && weights.length > 0 ? `${node.op}:${weights.join()}` : undefined;
    const known = shared === undefined ? undefined : this.#byWeights.get(shared);
    if (known !== undefined) return known;
    const name = this.#unique(wantedName(node, weights));
    if (shared !== undefined) this.#byWeights.set(shared, name);
    return name;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let n = 1; this.#taken.has(name); n++) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
}

/** `features.0.0` of the weight `features.0.0.weight`, or of the node `/features/features.0/features.0.0/Conv`. */
function wantedName(node: OnnxNode, weights: readonly string[]): string {
  const module = weights.map((name) => /^(.+)\.weight$/.exec(name)?.[1]).find((name) => name !== undefined);
  if (layers.has(node.op) && module !== undefined) return module;
  const parts = node.name.split('/').filter((part) => part !== '');
  if (!node.name.startsWith('/')) return node.name;
  const path = parts.slice(0, -1);
  // Each part repeats its parent's name: `features.0` within `features`.
  const modules = path.filter((part, i) => path[i + 1]?.startsWith(`${part}.`) !== true);
  const own = parts.at(-1) ?? node.op;
  return layers.has(node.op) && own === node.op && modules.length > 0
    ? modules.join('.')
    : [...(modules.length > 0 ? [modules.join('.')] : []), own].join('/');
}
