import { isRecordOf, isString } from '../../shared/checked-json.ts';
import type { Run } from '../runs/run.ts';

const notesKey = 'espalier.runNotes';
const pinnedKey = 'espalier.pinnedRun';
const isNotes = isRecordOf(isString);

/** What a run is noted under: its folder, since the key of a run that was started in this window belongs to another run after a reload. */
export function storedKey(run: Pick<Run, 'folder' | 'key'>): string {
  return run.folder ?? run.key;
}

/** What RunNotes uses of the editor's Memento. */
interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Notes on runs and the pinned one, kept with the workspace by the editor: run folders stay as they were written. */
export class RunNotes {
  readonly #state: Store;

  constructor(state: Store) {
    this.#state = state;
  }

  get pinned(): string | undefined {
    const pinned = this.#state.get(pinnedKey);
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
    const notes = this.#state.get(notesKey);
    return isNotes(notes) ? notes : {};
  }
}
