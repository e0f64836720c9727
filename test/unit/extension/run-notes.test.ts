import { describe, expect, it } from 'vitest';
import { RunNotes, storedKey } from '../../../src/extension/board/run-notes.ts';

/** What the editor keeps with a workspace. */
function store() {
  const values = new Map<string, unknown>();
  return {
    get: (key: string) => values.get(key),
    update: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
  };
}

describe('notes on runs', () => {
  const started = { key: 'started here 1', folder: '/runs/first' };

  it('are found after a reload, where a run that was started in this window is listed by its folder', async () => {
    const state = store();
    const notes = new RunNotes(state);
    await notes.write(storedKey(started), '#ship');
    await notes.pin(storedKey(started));
    const reloaded = new RunNotes(state);
    const listed = { key: '/runs/first', folder: '/runs/first' };
    expect(reloaded.of(storedKey(listed))).toBe('#ship');
    expect(reloaded.pinned).toBe(storedKey(listed));
  });

  it('are not shown with the run that the next window starts first', async () => {
    const notes = new RunNotes(store());
    await notes.write(storedKey(started), '#ship');
    expect(notes.of(storedKey({ key: 'started here 1', folder: '/runs/second' }))).toBe('');
    expect(notes.of(storedKey({ key: 'started here 1', folder: undefined }))).toBe('');
  });
});
