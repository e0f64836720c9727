/** The only module that knows @vscode/webview-ui-toolkit: to replace it, rewrite this file. */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import type { Checkbox, Dropdown, TextField } from '@vscode/webview-ui-toolkit';
import { element, svg } from './dom.ts';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

export function button(label: string, onClick: () => unknown, appearance: 'primary' | 'secondary' = 'secondary'): HTMLElement {
  return element('vscode-button', { appearance, onclick: () => void onClick() }, label);
}

/** A button that shows an icon, the lines of an SVG path on a grid of 16 × 16, with its name as a tooltip. */
export function iconButton(lines: string, name: string, onClick: () => void): HTMLElement {
  const icon = svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: lines }));
  return element('vscode-button', { appearance: 'icon', 'aria-label': name, title: name, onclick: onClick }, icon);
}

/** How long a button says that it has copied. */
const confirmedMilliseconds = 2_000;

/** Says on itself that it has copied, where the user looks. */
export function copyButton(label: string, copied: string, copy: () => Promise<void>): HTMLElement {
  let timer: number | undefined;
  const made = button(label, () => {
    void copy().then(() => {
      clearTimeout(timer);
      made.textContent = `✓ ${copied}`;
      timer = window.setTimeout(() => {
        made.textContent = label;
      }, confirmedMilliseconds);
    });
  });
  return made;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Chooser {
  readonly element: HTMLElement;
  /** Changes the list and the chosen entry without telling the listener. */
  update(choices: readonly Choice[], chosen: string): void;
}

export function chooser(id: string, label: string, onChoose: (value: string) => void): Chooser {
  const dropdown = element('vscode-dropdown', {
    id,
    'aria-label': label,
    onchange: (event) => onChoose((event.target as Dropdown).value),
  }) as Dropdown;
  let shown = '';
  return {
    element: element('div', { class: 'field' }, element('label', { for: id }, label), dropdown),
    update(choices, chosen) {
      const list = JSON.stringify(choices);
      if (list !== shown) {
        shown = list;
        dropdown.replaceChildren(...choices.map((choice) => element('vscode-option', { value: choice.value }, choice.label)));
      }
      if (dropdown.value !== chosen) dropdown.value = chosen;
    },
  };
}

/** A slider of the browser: the toolkit has none. Its value is written beside it. */
export function slider(
  id: string,
  label: string,
  range: { readonly least: number; readonly most: number; readonly step: number },
  onSlide: (value: number) => void,
): HTMLElement {
  const shown = element('output', { for: id }, String(range.least));
  const input = element('input', {
    id,
    type: 'range',
    min: range.least,
    max: range.most,
    step: range.step,
    value: range.least,
    oninput: () => {
      shown.textContent = input.value;
      onSlide(Number(input.value));
    },
  });
  return element('div', { class: 'field' }, element('label', { for: id }, label), input, shown);
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  return element('vscode-checkbox', { checked, onchange: (event) => onChange((event.target as Checkbox).checked) }, label);
}

/** Told of every key. */
export function textField(label: string, value: string, onInput: (text: string) => void): HTMLElement {
  return element('vscode-text-field', {
    value,
    placeholder: label,
    'aria-label': label,
    oninput: (event) => onInput((event.target as TextField).value),
  });
}
