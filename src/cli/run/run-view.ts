import type { RunEvent } from '../../shared/events.ts';
import { formatBytes, formatPercent } from '../../shared/drawing/format.ts';
import { emptyRunState, reduceRun } from '../../shared/run-state.ts';
import type { NodeResult, RunState } from '../../shared/run-state.ts';
import { flattenTree } from '../../shared/tree.ts';
import { progressBar } from '../progress-bar.ts';
import type { Terminal } from '../terminal.ts';

const BAR_WIDTH = 20;

/** What a run shows while it goes on: the tree, drawn over on a terminal; a line for each event elsewhere. */
export class RunView {
  readonly #terminal: Terminal;
  readonly #columns: () => number;
  #state: RunState = emptyRunState;
  #lines = 0;

  constructor(terminal: Terminal, columns: () => number = () => process.stderr.columns) {
    this.#terminal = terminal;
    this.#columns = columns;
  }

  get state(): RunState {
    return this.#state;
  }

  update(event: RunEvent): void {
    this.#state = reduceRun(this.#state, event);
    if (this.#terminal.isInteractive) this.#draw(event);
    else this.#print(event);
  }

  #print(event: RunEvent): void {
    const line = describeEvent(event, this.#state);
    if (line !== undefined) this.#terminal.note(`${line}\n`);
  }

  #draw(event: RunEvent): void {
    const erase = this.#lines === 0 ? '' : `\u001b[${this.#lines}A\u001b[J`;
    // Messages scroll away above the tree.
    const message = event.type === 'log' || event.type === 'node-failed' ? `${describeEvent(event, this.#state) ?? ''}\n` : '';
    const lines =
      event.type === 'run-finished'
        ? []
        : this.#state.models.flatMap((model) => [
            ...(this.#state.models.length > 1 ? [model.model] : []),
            ...flattenTree(model.tree).map(({ node, level }) => treeLine(model.nodes.get(node.id), level)),
          ]);
    const width = this.#columns() || 80;
    this.#terminal.note(`${erase}${message}${lines.map((line) => `${[...line].slice(0, width - 1).join('')}\n`).join('')}`);
    this.#lines = lines.length;
  }
}

function treeLine(result: NodeResult | undefined, level: number): string {
  if (result === undefined) return '';
  const { node, state } = result;
  const name = `${'  '.repeat(level)}${node.id.slice(node.id.lastIndexOf('/') + 1)}`.padEnd(24);
  switch (state.kind) {
    case 'waiting':
      return `  ${name}`;
    case 'running':
      return `▸ ${name} ${progressBar(state.fraction, BAR_WIDTH)} ${result.phase ?? ''}${remaining(result)}`;
    case 'done':
      return `✓ ${name} ${summary(result)}${state.cached ? ' (cached)' : ''}`;
    case 'failed':
      return `✗ ${name} failed`;
    case 'skipped':
      return `- ${name} skipped`;
  }
}

function remaining({ training }: NodeResult): string {
  return training === undefined ? '' : `, loss ${training.loss.toFixed(4)}, ${Math.ceil(training.secondsLeft)} s left`;
}

function summary({ node, metrics }: NodeResult): string {
  const accuracy = node.precision === 'int8' ? metrics?.deployed?.top1 : metrics?.simulated?.top1;
  return `${formatPercent(accuracy)}  gzip ${formatBytes(metrics?.sizes?.gzip)}`;
}

/** Undefined for what is not worth a line of a log. */
export function describeEvent(event: RunEvent, state: RunState): string | undefined {
  const about =
    'node' in event && event.node !== undefined ? `${state.models.length > 1 ? `${event.model ?? ''}: ` : ''}${event.node}` : '';
  switch (event.type) {
    case 'run-started':
      return `run ${event.runId}: ${event.engine}; ${event.runtime}`;
    case 'run-resumed':
      return `resumed: ${event.engine}; ${event.runtime}`;
    case 'node-started':
      return `${about}: started`;
    case 'node-finished': {
      const result = state.models.find(({ model }) => model === event.model)?.nodes.get(event.node);
      return `${about}: ${event.cached ? 'cached' : 'done'}, ${result === undefined ? '' : summary(result)}`;
    }
    case 'node-failed':
      return `${about}: failed: ${event.message}`;
    case 'node-skipped':
      return `${about}: skipped: ${event.reason}`;
    case 'log':
      return `${event.level === 'info' ? '' : `${event.level}: `}${about === '' ? '' : `${about}: `}${event.message}`;
    case 'tree-grown':
    case 'node-progress':
    case 'run-finished':
      return undefined;
  }
}
