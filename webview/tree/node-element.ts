/** One node of the tree as an element: it stays the same element while its contents change. */
import { describeSamples } from '../../src/shared/drawing/accuracy-interval.ts';
import { densityOutline, nodeFigures, nodeWarnings } from '../../src/shared/drawing/node-figures.ts';
import { describeStatus, stateSymbol, statusOf } from '../../src/shared/drawing/node-status.ts';
import type { RunTreeNode } from '../../src/shared/drawing/run-tree-layout.ts';
import { nodeTitle, nodeTraits, shortTitle } from '../../src/shared/drawing/technique-names.ts';
import type { ModelState, RunState } from '../../src/shared/run-state.ts';
import type { NodeResult } from '../../src/shared/node-result.ts';
import type { NodePhase } from '../../src/shared/events.ts';
import type { NodeState } from '../../src/shared/tree.ts';
import type { DensityPlot } from '../../src/shared/results.ts';
import { element, setAttribute, setHidden, setText, svg } from '../dom.ts';
import { translate } from '../page-data.ts';
import { iconKind, techniqueIcon } from './technique-icons.ts';

export interface NodeMarks {
  readonly selected: boolean;
  readonly recommended: boolean;
  /** On the way to the recommended file. */
  readonly onPath: boolean;
  readonly collapsed: boolean;
}

export interface NodeElement {
  readonly element: HTMLElement;
  update(run: RunState, model: ModelState, result: NodeResult, marks: NodeMarks): void;
  place(placed: RunTreeNode): void;
}

const density = { width: 44, height: 18 } as const;

export function createNodeElement({ node }: RunTreeNode): NodeElement {
  const heading = element('span', { class: 'title' }, shortTitle(node, translate));
  const star = element('span', { class: 'star', hidden: true }, '★');
  const warning = element('span', { class: 'caution', hidden: true }, '⚠');
  const symbol = element('span', { class: 'symbol' });
  const status = element('span', { class: 'status' });
  const change = element('span', { class: 'change' });
  const bar = element('span', { class: 'bar' });
  const size = element('span', { class: 'size' });
  const sizes = element('span', { class: 'sizes', 'aria-hidden': 'true' }, element('span', { class: 'track' }, bar), size);
  const outline = svg('path', {});
  const plot = svg('svg', { class: 'outline', viewBox: `0 0 ${density.width} ${density.height}`, preserveAspectRatio: 'none' }, outline);
  const toggle = element('span', { 'aria-hidden': 'true', class: 'toggle', hidden: node.children.length === 0 });
  const progress = element('span', { class: 'progress' });
  const name = element('span', { class: 'announcement' });
  const shownOnly = { 'aria-hidden': 'true' } as const;
  const made = element(
    'div',
    {
      role: 'treeitem',
      'data-node': node.id,
      class: 'node',
    },
    name,
    element('span', { ...shownOnly, class: 'stripe' }),
    element('span', { ...shownOnly, class: 'first' }, techniqueIcon(iconKind(node.technique)), heading, star, warning, symbol),
    element('span', { ...shownOnly, class: 'second' }, status, change, plot),
    sizes,
    progress,
    toggle,
  );
  let shown: readonly unknown[] = [];
  let drawn: readonly DensityPlot[] = [];
  return {
    element: made,
    place({ x, y, level, hidden }) {
      setAttribute(made, 'aria-level', level);
      made.style.setProperty('--x', `${x}px`);
      made.style.setProperty('--y', `${y}px`);
      made.style.setProperty('--level', String(level - 1));
      setText(toggle, hidden > 0 ? `+${hidden}` : '−');
    },
    update(run, model, result, marks) {
      const baseline = model.nodes.get(model.tree.id)?.metrics;
      const logged = result.metrics === undefined ? run.log.length : 0;
      const current = [result, baseline, logged, ...Object.values(marks)];
      if (current.length === shown.length && current.every((value, index) => value === shown[index])) return;
      shown = current;
      const figures = nodeFigures(model, result);
      const warnings = nodeWarnings(run, model.model, result);
      const description = describeStatus(statusOf(result), translate);
      made.className = classesOf(result, marks).join(' ');
      setText(symbol, stateSymbol(result.state));
      setText(status, figures === undefined ? description : figures.accuracy);
      setText(change, figures?.change ?? '');
      setHidden(sizes, figures === undefined);
      setText(size, figures?.size ?? '');
      bar.style.width = `${((figures?.sizeShare ?? 0) * 100).toFixed(1)}%`;
      if (result.densities !== drawn) {
        drawn = result.densities;
        outline.setAttribute('d', densityOutline(drawn, density.width, density.height));
      }
      // Not its width: that would lay out the tree at each step of the training.
      progress.style.transform = `scaleX(${progressOf(result).toFixed(3)})`;
      setHidden(star, !marks.recommended);
      setHidden(warning, warnings.length === 0);
      setAttribute(made, 'aria-selected', marks.selected ? 'true' : 'false');
      if (node.children.length > 0) setAttribute(made, 'aria-expanded', marks.collapsed ? 'false' : 'true');
      setAttribute(made, 'tabindex', marks.selected ? 0 : -1);
      const traits = traitsOf(result, description, figures?.change ?? '', marks.recommended);
      setText(name, [traits, ...warnings].join('. '));
      const accuracy = result.metrics?.deployed ?? result.metrics?.simulated;
      const samples = result.metrics === undefined || accuracy === undefined ? [] : [describeSamples(result.metrics, accuracy, translate)];
      const title = [traits, ...samples, ...reasonsOf(result.state), ...warnings.map((text) => `⚠ ${text}`)].join('\n');
      setAttribute(made, 'title', title);
    },
  };
}

function classesOf({ node, state, phase }: NodeResult, { selected, recommended, onPath, collapsed }: NodeMarks): readonly string[] {
  const isOpenEnded = state.kind === 'running' && phase !== undefined && !hasLength(phase);
  return [
    'node',
    state.kind === 'waiting' && state.notRun === true ? 'not-run' : state.kind,
    ...(node.fineTuned ? ['fine-tuned'] : []),
    ...(node.collaborative ? ['collaborative'] : []),
    ...(node.leaf ? ['leaf'] : []),
    ...(selected ? ['selected'] : []),
    ...(recommended ? ['recommended'] : []),
    ...(onPath ? ['on-path'] : []),
    ...(collapsed ? ['collapsed'] : []),
    ...(isOpenEnded ? ['open-ended'] : []),
  ];
}

function hasLength(phase: NodePhase): boolean {
  return phase === 'finding-rate' || phase === 'training' || phase === 'calibrating';
}

/** Of the phase that has a length; later phases move without one. */
function progressOf({ state, phase }: NodeResult): number {
  if (state.kind !== 'running') return 0;
  return phase === undefined || hasLength(phase) ? Math.min(1, Math.max(0, state.fraction)) : 1;
}

function reasonsOf(state: NodeState): readonly string[] {
  if (state.kind === 'failed') return [state.message];
  return state.kind === 'skipped' ? [state.reason] : [];
}

/** The name for screen readers, and the first line of the tooltip. */
function traitsOf({ node }: NodeResult, description: string, change: string, recommended: boolean): string {
  const traits = [
    nodeTitle(node.title, translate),
    recommended ? translate('recommended file') : '',
    ...nodeTraits(node, translate),
    description,
    change === '' ? '' : translate('{0} against the trained model', change),
  ];
  return traits.filter((trait) => trait !== '').join(', ');
}
