import { element, setAttribute, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** One tab for each model of the run; not there for a single one. */
export function modelTabsView(actions: PanelActions): View {
  const list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': translate('Models') });
  let shown = '';
  list.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const tabs = [...list.querySelectorAll<HTMLElement>('[role=tab]')];
    const next = tabs[(tabs.findIndex((tab) => tab === document.activeElement) + step + tabs.length) % tabs.length];
    next?.focus();
    next?.click();
  });
  return {
    element: list,
    update(state) {
      const names = state.run.models.map((model) => model.model);
      const chosen = chosenModel(state)?.model;
      setHidden(list, names.length < 2);
      if (names.join('\n') !== shown) {
        shown = names.join('\n');
        list.replaceChildren(
          ...names.map((name) =>
            element(
              'button',
              {
                role: 'tab',
                type: 'button',
                'aria-controls': 'model',
                'data-model': name,
                onclick: () => actions.change({ model: name, node: undefined, kernel: undefined }),
              },
              name,
            ),
          ),
        );
      }
      for (const tab of list.querySelectorAll<HTMLElement>('[role=tab]')) {
        const selected = tab.dataset['model'] === chosen;
        setAttribute(tab, 'aria-selected', selected ? 'true' : 'false');
        tab.tabIndex = selected ? 0 : -1;
      }
    },
  };
}
