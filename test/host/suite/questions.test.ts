import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import { back } from '../../../src/extension/questions/ask-in-turn.ts';
import { enterText, pickOne } from '../../../src/extension/questions/quick-inputs.ts';

const ranges = ['0 … 1', '−1 … 1', '0 … 255'].map((label) => ({ label, description: 'as it is' }));
const first = { step: 1, proposal: undefined };
/** The editor shows and moves a moment after it was told. */
const settle = (): Promise<void> => wait(700);

async function accept(): Promise<void> {
  await settle();
  await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
}

describe('a question with items that are tried meanwhile', () => {
  it('proposes the best one, whose answer is the item that was given', async () => {
    const question = pickOne({
      prompt: 'Which range?',
      items: ranges,
      findOut: (describe) => {
        for (const index of [0, 1, 2]) describe(index, `${90 + index}%`);
        return Promise.resolve(1);
      },
    });
    const shown = question.show(first);
    await accept();
    assert.deepEqual(await shown, { text: '1 −1 … 1', answer: ranges[1] });
    assert.equal(question.recall('1 −1 … 1'), ranges[1]);
  });

  it('leaves the user where they have moved to', async () => {
    let found: (best: number) => void = () => undefined;
    const question = pickOne({
      prompt: 'Which range?',
      items: ranges,
      findOut: (describe) => {
        describe(0, '98%');
        return new Promise<number>((resolve) => (found = resolve));
      },
    });
    const shown = question.show(first);
    await settle();
    await vscode.commands.executeCommand('workbench.action.quickOpenSelectNext');
    await vscode.commands.executeCommand('workbench.action.quickOpenSelectNext');
    await settle();
    found(0);
    await accept();
    const answer = await shown;
    assert.ok(answer !== back);
    assert.equal(answer.answer, ranges[2]);
  });

  it('is a plain question where nothing could be found out', async () => {
    const question = pickOne({ prompt: 'Which range?', items: ranges, findOut: () => Promise.reject(new Error('no data')) });
    const shown = question.show(first);
    await accept();
    assert.deepEqual(await shown, { text: '0 0 … 1', answer: ranges[0] });
  });
});

describe('a question for a text', () => {
  it('keeps what was typed where it is no answer, and says why', async () => {
    const asked: string[] = [];
    const question = enterText({
      prompt: 'How many?',
      value: '',
      validate: (text) => {
        asked.push(text);
        return text === '' ? 'A number is wanted.' : undefined;
      },
    });
    let isAnswered = false;
    const shown = question.show(first).finally(() => (isAnswered = true));
    await accept();
    await settle();
    assert.equal(isAnswered, false);
    assert.ok(asked.includes(''));
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await assert.rejects(shown, vscode.CancellationError);
  });
});
