/** The board of runs: sorted, noted, pinned and compared. */
import type { BoardContents, BoardHost, BoardPage, ComparedRun } from '../src/shared/board-protocol.ts';
import {
  boardColumns,
  boardRows,
  comparedInOrder,
  type BoardColumn,
  type BoardColumnKey,
  type BoardRun,
} from '../src/shared/drawing/run-board.ts';
import { missing } from '../src/shared/drawing/format.ts';
import { ariaSort, nextOrder, type Order } from '../src/shared/drawing/sorting.ts';
import { MessageHandler, type Message } from '../src/shared/message-handler.ts';
import { comparisonView } from './board/comparison-view.ts';
import { button, checkbox, iconButton, textField } from './controls.ts';
import { element, setAttribute } from './dom.ts';
import './main.css';
import { translate } from './page-data.ts';

declare function acquireVsCodeApi(): { postMessage(message: Message): void };

const api = acquireVsCodeApi();
const host = new MessageHandler<BoardPage, BoardHost>((message) => api.postMessage(message), {});
const columns = boardColumns(translate, (time) =>
  new Date(time).toLocaleString(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'short' }),
);
/** A drawing pin. */
const pinLines = 'M6 2h4l-.5 5 2.5 2.5H4L6.5 7zM8 9.500v4.500';
const chosen = new Set<string>();
let runs: readonly BoardRun[] = [];
let order: Order<BoardColumnKey> | undefined;
let filter = '';

const head = element('tr', {}, element('td'), ...columns.map(heading), element('th', { scope: 'col' }, translate('Note')));
const body = element('tbody');
const comparison = comparisonView();
const compareButton = button(translate('Compare'), () => void compare(), 'primary');

function heading(column: BoardColumn): HTMLElement {
  const sort = (): void => {
    order = nextOrder(order, column.key, column.descendingFirst);
    draw();
  };
  return element(
    'th',
    { scope: 'col', class: column.numeric ? 'number' : undefined, 'data-column': column.key },
    element('button', { type: 'button', onclick: sort }, column.title),
  );
}

function draw(): void {
  for (const cell of head.querySelectorAll<HTMLElement>('[data-column]'))
    setAttribute(cell, 'aria-sort', ariaSort(order, cell.dataset['column']));
  body.replaceChildren(...boardRows(runs, columns, order, filter).map(row));
  setAttribute(compareButton, 'disabled', chosen.size < 2);
}

function row(run: BoardRun): HTMLElement {
  const choose = checkbox('', chosen.has(run.key), (checked) => {
    if (checked) chosen.add(run.key);
    else chosen.delete(run.key);
    setAttribute(compareButton, 'disabled', chosen.size < 2);
  });
  choose.setAttribute('aria-label', translate('Compare {0}', run.name));
  const note = textField(translate('Note, #tags'), run.note, (text) => void host.request('annotate', { run: run.key, note: text }));
  const pin = iconButton(
    pinLines,
    run.isPinned ? translate('Unpin') : translate('Pin as what the others are compared with'),
    () => void host.request('pin', { run: run.isPinned ? undefined : run.key }),
  );
  const cells = columns.map((column) => {
    const text = column.text(run);
    const kind = [...(column.numeric ? ['number'] : []), ...(text === missing ? ['missing'] : [])].join(' ');
    if (column.key !== 'name') return element('td', { class: kind === '' ? undefined : kind, 'data-column': column.key }, text);
    const open = element('button', { type: 'button', class: 'link', onclick: () => void host.request('open', { run: run.key }) }, text);
    return element('th', { scope: 'row' }, open);
  });
  return element(
    'tr',
    { class: run.isPinned ? 'chosen' : undefined },
    element('td', {}, element('span', { class: run.isPinned ? 'row-tools pinned' : 'row-tools' }, choose, pin)),
    ...cells,
    element('td', { 'data-column': 'note' }, note),
  );
}

async function compare(): Promise<void> {
  const keys = comparedInOrder(runs.filter(({ key }) => chosen.has(key))).map(({ key }) => key);
  const { runs: compared }: { readonly runs: readonly ComparedRun[] } = await host.request('compare', { runs: keys });
  comparison.show(compared);
}

function show(contents: BoardContents): void {
  runs = contents.runs;
  // A field that the user types into is not taken from them.
  if (body.contains(document.activeElement) && document.activeElement?.matches('vscode-text-field')) return;
  draw();
}

window.addEventListener('message', (event) => host.receive(event.data));
host.on('changed', show);
void host.request('ready', {}).then((contents) => {
  document.getElementById('loading')?.remove();
  const filterField = textField(translate('Filter by name, note or #tag'), '', (text) => {
    filter = text;
    draw();
  });
  document.body.append(
    element(
      'main',
      {},
      element('h1', {}, translate('Runs')),
      element('div', { class: 'fields' }, filterField, compareButton),
      element(
        'div',
        { class: 'scroll', id: 'board', tabindex: 0, role: 'group', 'aria-label': translate('Runs') },
        element('table', {}, element('thead', {}, head), body),
      ),
      comparison.element,
    ),
  );
  for (const key of contents.compared) chosen.add(key);
  show(contents);
  if (chosen.size >= 2) void compare();
});
