/** The one door of the page to the editor. */
import type { Message } from '../src/shared/message-handler.ts';
import type { PanelMemory } from '../src/shared/panel-protocol.ts';

interface VSCodeApi {
  postMessage(message: Message): void;
  getState(): PanelMemory | undefined;
  setState(state: PanelMemory): void;
}

declare function acquireVsCodeApi(): VSCodeApi;

export const vscodeApi = acquireVsCodeApi();
