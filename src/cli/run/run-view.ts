import type { RunEvent } from '../../shared/events.ts';
import { sizeMeasure } from '../../shared/measures.ts';
import { shownMeasure, simulatedQuality } from '../../shared/measure-figures.ts';
import { reduceEvents, reduceRun } from '../../shared/run-state.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';
import { flattenTree } from '../../shared/tree.ts';
import type { NodeState } from '../../shared/tree.ts';
import { rangeTestText } from '../../shared/drawing/range-test-text.ts';
import { english } from '../../shared/drawing/translate.ts';
import { progressBar } from '../progress-bar.ts';
import { type Terminal, visible } from '../terminal.ts';

const BAR_WIDTH = 20;

interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Output of a run in progress: the tree, redrawn in place on a terminal; one line for each event elsewhere. */
export class RunView {
  readonly #terminal: Terminal;
  readonly #size: () => TerminalSize;
  #state: RunState;
  #lines = 0;

  /** @param earlier what happened before, which is not shown again */
  constructor(terminal: Terminal, earlier: readonly RunEvent[] = [], size: () => TerminalSize = errorOutputSize) {
    this.#terminal = terminal;
    this.#size = size;
    this.#state = reduceEvents(earlier);
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
    const { columns, rows } = this.#size();
    const lines = event.type === 'run-finished' ? [] : fitting(treeLines(this.#state), rows - 1);
    const text = `${erase}${visible(message)}${lines.map((line) => `${[...visible(line)].slice(0, columns - 1).join('')}\n`).join('')}`;
    if (this.#terminal.draw === undefined) this.#terminal.note(text);
    else this.#terminal.draw(text);
    this.#lines = lines.length;
  }
}

function errorOutputSize(): TerminalSize {
  const { columns, rows } = process.stderr;
  return { columns: columns || 80, rows: rows || 24 };
}

interface TreeLine {
  readonly text: string;
  readonly state: NodeState['kind'] | undefined;
}

function treeLines({ models }: RunState): readonly TreeLine[] {
  return models.flatMap((model) => [
    ...(models.length > 1 ? [{ text: model.model, state: undefined }] : []),
    ...flattenTree(model.tree).map(({ node, level }) => {
      const result = model.nodes.get(node.id);
      return { text: treeLine(result, level), state: result?.state.kind };
    }),
  ]);
}

/** A terminal can redraw only visible lines, so of a taller tree it shows the running nodes and counts the others. */
function fitting(lines: readonly TreeLine[], most: number): readonly string[] {
  if (lines.length <= most) return lines.map(({ text }) => text);
  const count = (state: NodeState['kind']): number => lines.filter((line) => line.state === state).length;
  const counts = (['done', 'failed', 'skipped', 'waiting'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const running = lines.filter(({ state }) => state === 'running').slice(0, Math.max(0, most - 1));
  return [...running.map(({ text }) => text), counts.join(', ')];
}

function treeLine(result: NodeResult | undefined, level: number): string {
  if (result === undefined) return '';
  const { node, state } = result;
  const name = `${'  '.repeat(level)}${node.id.slice(node.id.lastIndexOf('/') + 1)}`.padEnd(24);
  switch (state.kind) {
    case 'waiting':
      return `  ${name}${state.queued === undefined ? '' : ` job ${state.queued.job}${state.queued.reason === undefined ? '' : ` (${state.queued.reason})`}`}`;
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
  // After the last step something follows that has no steps.
  return training === undefined || training.step >= training.steps
    ? ''
    : `, loss ${training.loss.toFixed(4)}, ${Math.ceil(training.secondsLeft)} s left`;
}

function summary({ node, metrics }: NodeResult): string {
  const accuracy = node.precision === 'int8' ? shownMeasure('accuracy', metrics) : simulatedQuality(metrics);
  return `${accuracy}  ${sizeMeasure} ${shownMeasure(sizeMeasure, metrics)}`;
}

/** Undefined for events that are not worth a line. */
export function describeEvent(event: RunEvent, state: RunState): string | undefined {
  const about =
    'node' in event && event.node !== undefined ? `${state.models.length > 1 ? `${event.model ?? ''}: ` : ''}${event.node}` : '';
  switch (event.type) {
    case 'run-started':
      return `run ${event.runId}: ${event.engine}; ${event.runtime}`;
    case 'run-resumed':
      return `resumed: ${event.engine}; ${event.runtime}`;
    case 'node-queued':
      return `${about}: queued as job ${event.job}${event.reason === undefined ? '' : ` (${event.reason})`}`;
    case 'node-started':
      return `${about}: started${event.job === undefined ? '' : ` as job ${event.job}`}${event.host === undefined ? '' : ` on ${event.host}`}`;
    case 'node-finished': {
      const result = state.models.find(({ model }) => model === event.model)?.nodes.get(event.node);
      const { rangeTest } = event.metrics;
      const rate = rangeTest === undefined ? '' : `, ${rangeTestText(rangeTest, english)}`;
      return `${about}: ${event.cached ? 'cached' : 'done'}, ${result === undefined ? '' : summary(result)}${rate}`;
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
