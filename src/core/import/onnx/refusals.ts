/** All nodes that could not be converted, in one message. */
import { EspalierError } from '../../errors.ts';
import type { OnnxNode } from './onnx-graph.ts';
import type { OperatorRefusal } from './refusal.ts';

interface Refused {
  readonly operator: string;
  readonly reason: string;
  readonly fix: string | undefined;
  /** Of the first node. */
  readonly name: string;
  readonly inputs: readonly string[];
  count: number;
}

/** A model with more kinds of trouble lists the first ones. */
const mostListed = 20;

export class Refusals {
  readonly #found = new Map<string, Refused>();

  /** @param inputs shapes of the node's inputs, as text */
  add(node: OnnxNode, inputs: readonly string[], { message, fix }: OperatorRefusal): void {
    const operator = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    const key = `${operator}:${message}`;
    const known = this.#found.get(key);
    if (known !== undefined) known.count++;
    else this.#found.set(key, { operator, reason: message, fix, name: node.name, inputs, count: 1 });
  }

  /** @throws EspalierError `unsupported-model` that names each operator with its node, its inputs' shapes and how often it occurs */
  report(where: string): void {
    const found = [...this.#found.values()];
    if (found.length === 0) return;
    const lines = found.slice(0, mostListed).map(({ operator, reason, fix, name, inputs, count }) => {
      const times = count === 1 ? '' : `, and ${count - 1} more like it`;
      const advice = fix === undefined ? '' : `: ${fix}`;
      return `  ${operator} ${reason} (node "${name}", inputs ${inputs.join(' ')}${times})${advice}`;
    });
    const rest = found.length > mostListed ? [`  and ${found.length - mostListed} other kinds`] : [];
    const nodes = found.reduce((sum, { count }) => sum + count, 0);
    throw new EspalierError(
      'unsupported-model',
      `${nodes === 1 ? 'a node' : `${nodes} nodes`} cannot be converted:\n${[...lines, ...rest].join('\n')}`,
      { where },
    );
  }
}
