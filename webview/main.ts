/** The page of the result panel. All it shows follows from the run's events. */
import { MessageHandler, type Message } from '../src/shared/message-handler.ts';
import type { PanelHost, PanelMemory, PanelPage } from '../src/shared/panel-protocol.ts';
import { interruptRun, reduceRun } from '../src/shared/run-state.ts';
import { element, setAttribute, setHidden } from './dom.ts';
import { DrawLoop } from './draw-loop.ts';
import './main.css';
import { pageData, translate } from './page-data.ts';
import { chosenModel, initialPanelState } from './panel-state.ts';
import type { PanelActions, PanelState, View } from './panel-state.ts';
import { classesView } from './views/classes-view.ts';
import { curvesView } from './views/curves-view.ts';
import { densityView } from './views/density-view.ts';
import { failuresView } from './views/failures-view.ts';
import { flipsView } from './views/flips-view.ts';
import { hardwareView } from './views/hardware-view.ts';
import { headerView } from './views/header-view.ts';
import { headlineView } from './views/headline-view.ts';
import { layersView } from './views/layers-view.ts';
import { logView } from './views/log-view.ts';
import { modelTabsView } from './views/model-tabs-view.ts';
import { remarksView } from './views/remarks-view.ts';
import { resultTableView } from './views/result-table-view.ts';
import { tradeOffView } from './views/trade-off-view.ts';
import { treeView } from './views/tree-view.ts';

/** What the editor gives its pages. */
interface VSCodeApi {
  postMessage(message: Message): void;
  getState(): PanelMemory | undefined;
  setState(state: PanelMemory): void;
}

declare function acquireVsCodeApi(): VSCodeApi;

const vscodeApi = acquireVsCodeApi();
const host = new MessageHandler<PanelPage, PanelHost>((message) => vscodeApi.postMessage(message), {});
const remembered = vscodeApi.getState();
let state: PanelState = { ...initialPanelState, model: remembered?.model, node: remembered?.node, kernel: remembered?.kernel };

/** `urgent` for what the user did. */
function change(part: Partial<PanelState>, urgent: boolean): void {
  const before = state;
  state = { ...state, ...part };
  const run = state.status.activity === 'running' ? state.run : interruptRun(state.run);
  loop.show({ ...state, run }, urgent);
  // What a restored page starts from.
  const { model, node, kernel, status } = state;
  if (model === before.model && node === before.node && kernel === before.kernel && status === before.status) return;
  vscodeApi.setState({ recipe: pageData.recipe, runFolder: status.runFolder, model, node, kernel });
}

const announcement = element('p', { class: 'announcement', role: 'status', 'aria-live': 'polite' });
const actions: PanelActions = {
  change: (part) => change(part, true),
  async act(command, result, model) {
    await host.request('act', { command, model: model ?? chosenModel(state)?.model, node: result?.node.id });
  },
  findFlips: (node) => host.request('negativeFlips', node),
  async copy(text) {
    await host.request('copy', { text });
    announcement.textContent = translate('Copied.');
  },
};

const header = headerView(actions);
const tabs = modelTabsView(actions);
const parts = [
  failuresView(actions),
  headlineView(actions),
  treeView(actions),
  remarksView(),
  densityView(actions),
  resultTableView(actions),
  tradeOffView(actions),
  curvesView(actions),
  layersView(actions),
  hardwareView(),
  classesView(),
  flipsView(actions),
  logView(actions),
];
const model = element('div', { id: 'model', hidden: true, 'aria-busy': 'true' }, ...parts.map((part) => part.element));
/** Before the run's first event there is no tree, and nothing to show but the header. */
const whole: View = {
  element: model,
  update: ({ run }) => {
    setHidden(model, run.models.length === 0);
  },
};
const loop = new DrawLoop([whole, header, tabs, ...parts], () => setAttribute(model, 'aria-busy', undefined));

window.addEventListener('message', (event) => host.receive(event.data));
host.on('appended', ({ events }) => {
  const run = events.reduce(reduceRun, state.run);
  const hasEnded = state.run.outcome === undefined && run.outcome !== undefined;
  // A run that has ended shows the file to ship, whatever was looked at meanwhile.
  change(hasEnded && run.outcome !== 'cancelled' ? { run, node: undefined } : { run }, false);
});
host.on('status', (status) => change({ status }, false));
host.on('select', (chosen) => actions.change(chosen));
// Until it is known what the run is, there is nothing to press: the page says that it is loading.
void host.request('ready', {}).then(({ title, events, status, targets, earlier, selected }) => {
  document.getElementById('loading')?.remove();
  document.body.append(header.element, element('main', {}, tabs.element, model), announcement);
  actions.change({ title, status, targets, earlier, run: events.reduce(reduceRun, initialPanelState.run), ...selected });
});
