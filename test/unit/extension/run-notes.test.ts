import { describe, expect, it } from 'vitest';
import { RunNotes, type NotedRun } from '../../../src/extension/board/run-notes.ts';

/** What the editor keeps with a workspace. */
function store() {
  const values = new Map<string, unknown>();
  return {
    get: (key: string) => values.get(key),
    update: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
  };
}

const run = (folder: string | undefined, key = 'started here 1'): NotedRun => ({ key, folder });

describe('notes on runs', () => {
  it('are found after a reload, where a run that was started in this window is listed by its folder', async () => {
    const state = store();
    const notes = new RunNotes(state);
    await notes.write(run('/runs/first'), '#ship');
    await notes.pin(run('/runs/first'));
    const reloaded = new RunNotes(state);
    const listed = run('/runs/first', '/runs/first');
    expect(reloaded.of(listed)).toBe('#ship');
    expect(reloaded.isPinned(listed)).toBe(true);
  });

  it('are not shown with the run that the next window starts first', async () => {
    const state = store();
    const notes = new RunNotes(state);
    await notes.write(run('/runs/first'), '#ship');
    await notes.write(run(undefined, 'started here 2'), 'waits');
    const reloaded = new RunNotes(state);
    expect(reloaded.of(run('/runs/second'))).toBe('');
    expect(reloaded.of(run(undefined, 'started here 2'))).toBe('');
  });

  it('that were made while the run was queued stay with it when it begins, and after a reload', async () => {
    const state = store();
    const notes = new RunNotes(state);
    await notes.pin(run('/runs/earlier', 'earlier'));
    await notes.write(run(undefined), 'half the epochs');
    await notes.pin(run(undefined));
    expect(notes.of(run(undefined))).toBe('half the epochs');
    expect(notes.isPinned(run(undefined))).toBe(true);
    expect(notes.isPinned(run('/runs/earlier', 'earlier'))).toBe(false);

    // Between the start of the run and the moment when its notes are stored.
    expect(notes.of(run('/runs/first'))).toBe('half the epochs');
    expect(notes.isPinned(run('/runs/first'))).toBe(true);
    await notes.keep(run('/runs/first'));
    expect(notes.of(run('/runs/first'))).toBe('half the epochs');
    const reloaded = new RunNotes(state);
    expect(reloaded.of(run('/runs/first', '/runs/first'))).toBe('half the epochs');
    expect(reloaded.isPinned(run('/runs/first', '/runs/first'))).toBe(true);
  });

  it('of a queued run that was unpinned or emptied leave nothing behind', async () => {
    const state = store();
    const notes = new RunNotes(state);
    await notes.write(run(undefined), 'x');
    await notes.write(run(undefined), '');
    await notes.pin(run(undefined));
    await notes.pin(undefined);
    await notes.keep(run('/runs/first'));
    const reloaded = new RunNotes(state);
    expect(reloaded.of(run('/runs/first'))).toBe('');
    expect(reloaded.isPinned(run('/runs/first'))).toBe(false);
  });
});
