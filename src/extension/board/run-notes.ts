import type * as vscode from 'vscode';
import { isRecordOf, isString } from '../../shared/checked-json.ts';

const notesKey = 'espalier.runNotes';
const pinnedKey = 'espalier.pinnedRun';
const isNotes = isRecordOf(isString);

/** Notes on runs and the pinned one, kept with the workspace by the editor: run folders stay as they were written. */
export class RunNotes {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  get pinned(): string | undefined {
    const pinned = this.#state.get<unknown>(pinnedKey);
    return isString(pinned) ? pinned : undefined;
  }

  of(run: string): string {
    return this.#notes()[run] ?? '';
  }

  async write(run: string, note: string): Promise<void> {
    const others = Object.entries(this.#notes()).filter(([key]) => key !== run);
    await this.#state.update(notesKey, Object.fromEntries(note === '' ? others : [...others, [run, note]]));
  }

  async pin(run: string | undefined): Promise<void> {
    await this.#state.update(pinnedKey, run);
  }

  #notes(): Readonly<Record<string, string>> {
    const notes = this.#state.get<unknown>(notesKey);
    return isNotes(notes) ? notes : {};
  }
}
