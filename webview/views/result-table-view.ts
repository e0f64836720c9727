import { resultColumns, resultRows, sortRows, toCsv, toMarkdown } from '../../src/shared/drawing/result-table.ts';
import type { Column, ColumnKey, ResultRow } from '../../src/shared/drawing/result-table.ts';
import { ariaSort, nextOrder } from '../../src/shared/drawing/sorting.ts';
import { recommendedNodes } from '../../src/shared/drawing/target-verdicts.ts';
import { checkbox, copyButton } from '../controls.ts';
import { element, section, setAttribute, setChildren, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';

/** A table of 40 nodes is laid out in several frames. */
const rowsAtOnce = 6;

/** The guide's table of results: sortable, with columns to choose, and to be copied as Markdown or CSV. */
export function resultTableView(actions: PanelActions): View {
  /** What the reader chose; the others follow from the table of measures. */
  const chosenColumns = new Map<ColumnKey, boolean>();
  let state: PanelState | undefined;
  let columns: readonly Column[] = [];
  let shownKeys = '';
  let offeredKeys = '';
  let isChoosing = false;
  let wanted: readonly ResultRow[] = [];
  const head = element('tr');
  const body = element('tbody');
  const choices = element('div', { class: 'column-choices' });
  const rows = new Map<string, RowElements>();
  const isShown = ({ key, isDetail }: Column): boolean => chosenColumns.get(key) ?? isDetail !== true;
  const sortBy = (column: Column): void => {
    // The better end first: the smallest file, the highest accuracy. The third click restores the order of the tree.
    actions.change({ sort: nextOrder(state?.sort, column.key, column.better === 'higher') });
  };
  const shownRows = (): readonly ResultRow[] => {
    const model = state === undefined ? undefined : chosenModel(state);
    return model === undefined ? [] : sortRows(resultRows(model, translate), state?.sort);
  };
  const rebuild = (offered: readonly Column[]): void => {
    columns = offered.filter(isShown);
    const keys = columns.map(({ key, title }) => `${key} ${title}`).join('\n');
    if (keys !== shownKeys) {
      shownKeys = keys;
      rows.clear();
      head.replaceChildren(...columns.map((column) => heading(column, () => sortBy(column))));
    }
    const all = offered.map(({ key }) => key).join('\n');
    // Controls take long to make, so that they wait until somebody wants to choose.
    if (!isChoosing || all === offeredKeys) return;
    offeredKeys = all;
    choices.replaceChildren(
      // A row without its name says nothing.
      ...offered.slice(1).map((column) =>
        checkbox(column.title, isShown(column), (checked) => {
          chosenColumns.set(column.key, checked);
          actions.change({});
        }),
      ),
    );
  };
  /** Those that are there are brought up to date; of new ones it makes a few. */
  const drawRows = (): void => {
    const model = state && chosenModel(state);
    if (state === undefined || model === undefined) return;
    const chosen = chosenNode(state)?.node.id;
    const recommended = recommendedNodes(model, state.targets);
    const made = wanted.filter(({ node }) => !rows.has(node)).slice(0, rowsAtOnce);
    for (const row of made) rows.set(row.node, makeRow(columns, row, actions));
    const shown = wanted.flatMap((row) => {
      const elements = rows.get(row.node);
      return elements === undefined ? [] : [{ row, elements }];
    });
    for (const { row, elements } of shown) {
      fillRow(elements, columns, row, row.node === chosen, state.sort === undefined);
      elements.row.classList.toggle('recommended', recommended.has(row.node));
    }
    setChildren(
      body,
      shown.map(({ elements }) => elements.row),
    );
  };
  const chooseColumns = (): void => {
    isChoosing = true;
    if (state !== undefined) rebuild(resultColumns(translate, chosenModel(state)));
  };
  return {
    element: section(
      'results',
      translate('Results'),
      element(
        'div',
        { class: 'buttons' },
        copyButton(translate('Copy as Markdown'), translate('Copied'), () => actions.copy(toMarkdown(columns, shownRows()))),
        copyButton(translate('Copy as CSV'), translate('Copied'), () => actions.copy(toCsv(columns, shownRows()))),
        element('details', { class: 'columns', ontoggle: chooseColumns }, element('summary', {}, translate('Columns')), choices),
      ),
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Results') },
        element('table', {}, element('thead', {}, head), body),
      ),
    ),
    update(next) {
      state = next;
      rebuild(resultColumns(translate, chosenModel(next)));
      for (const [index, column] of columns.entries()) {
        const cell = head.children[index];
        if (cell !== undefined) setAttribute(cell, 'aria-sort', ariaSort(next.sort, column.key));
      }
      wanted = shownRows();
      drawRows();
    },
    drawMore() {
      const isLeft = wanted.some(({ node }) => !rows.has(node));
      if (isLeft) drawRows();
      return isLeft;
    },
  };
}

function heading(column: Column, onClick: () => void): HTMLElement {
  return element(
    'th',
    { scope: 'col', class: column.numeric ? 'number' : undefined },
    element('button', { type: 'button', title: column.description, onclick: onClick }, column.title),
  );
}

interface RowElements {
  readonly row: HTMLTableRowElement;
  readonly name: HTMLElement;
  readonly cells: readonly HTMLElement[];
}

function makeRow(columns: readonly Column[], row: ResultRow, actions: PanelActions): RowElements {
  const name = element('button', { type: 'button', class: 'link', onclick: () => actions.change({ node: row.node }) });
  const cells = columns.slice(1).map((column) => element('td', { class: column.numeric ? 'number' : undefined }));
  return { row: element('tr', {}, element('th', { scope: 'row' }, name), ...cells), name, cells };
}

function fillRow(elements: RowElements, columns: readonly Column[], row: ResultRow, chosen: boolean, indented: boolean): void {
  setText(elements.name, row.cells.model.text);
  elements.name.className = `link${indented ? ` level-${row.level}` : ''}`;
  elements.row.classList.toggle('chosen', chosen);
  setAttribute(elements.name, 'aria-current', chosen ? 'true' : undefined);
  for (const [index, column] of columns.slice(1).entries()) {
    const cell = elements.cells[index];
    if (cell === undefined) continue;
    const { text, best } = row.cells[column.key];
    setText(cell, text);
    cell.classList.toggle('best', best === true);
    setAttribute(cell, 'title', best === true ? translate('Best of this column') : undefined);
  }
}
