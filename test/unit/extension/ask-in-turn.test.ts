import { describe, expect, it } from 'vitest';
import { askAlone, askInTurn, back, type Ask, type Place, type Question } from '../../../src/extension/questions/ask-in-turn.ts';

/** Shows questions to a user who answers from a list, and notes what was shown. */
class ScriptedUser {
  readonly shown: string[] = [];
  readonly #answers: (string | typeof back)[];

  constructor(...answers: readonly (string | typeof back)[]) {
    this.#answers = [...answers];
  }

  question(id: string, choices?: readonly string[], isDialog = false): Question<string> {
    return {
      id,
      isDialog,
      recall: (text) => (choices === undefined || choices.includes(text) ? text : undefined),
      show: ({ step, proposal }: Place) => {
        this.shown.push(`${step} ${id}${proposal === undefined ? '' : ` [${proposal}]`}`);
        const answer = this.#answers.shift();
        if (answer === undefined) return Promise.reject(new Error(`"${id}" was not to be asked`));
        return Promise.resolve(answer === back ? back : { text: answer, answer });
      },
    };
  }
}

/** As of a command: the second question depends on the answer to the first. */
const choose =
  (user: ScriptedUser) =>
  async (ask: Ask): Promise<readonly string[]> => {
    const data = await ask(user.question('data'));
    const more = data === 'folder' ? [await ask(user.question('which folder', undefined, true)), await ask(user.question('scale'))] : [];
    return [data, ...more, await ask(user.question('preset')), await ask(user.question('size'))];
  };

describe('questions in turn', () => {
  it('propose the answers of a flow that was left', async () => {
    const left = new ScriptedUser('csv', 'full');
    const answers = new Map<string, string>();
    await expect(askInTurn(choose(left), answers)).rejects.toThrow('"size" was not to be asked');
    const again = new ScriptedUser('csv', 'full', '20');
    expect(await askInTurn(choose(again), answers)).toEqual(['csv', 'full', '20']);
    expect(again.shown).toEqual(['1 data [csv]', '2 preset [full]', '3 size']);
  });

  it('are asked once each where nobody goes back', async () => {
    const user = new ScriptedUser('csv', 'full', '20');
    expect(await askInTurn(choose(user))).toEqual(['csv', 'full', '20']);
    expect(user.shown).toEqual(['1 data', '2 preset', '3 size']);
  });

  it('go back one at a time and forth again, each with the answer it had', async () => {
    const user = new ScriptedUser('csv', 'quick', back, back, 'csv', 'full', '20');
    expect(await askInTurn(choose(user))).toEqual(['csv', 'full', '20']);
    expect(user.shown).toEqual(['1 data', '2 preset', '3 size', '2 preset [quick]', '1 data [csv]', '2 preset [quick]', '3 size']);
  });

  it('follow another branch when an answer changes, and propose only what was answered to the same question', async () => {
    const user = new ScriptedUser('csv', 'full', back, back, 'folder', '/images', '0 … 1', 'full', '20');
    expect(await askInTurn(choose(user))).toEqual(['folder', '/images', '0 … 1', 'full', '20']);
    expect(user.shown.slice(-5)).toEqual(['1 data [csv]', '2 which folder', '2 scale', '3 preset [full]', '4 size']);
  });

  it('pass dialogs on the way back, and return from one that is cancelled', async () => {
    const passed = new ScriptedUser('folder', '/images', back, 'csv', 'full', '20');
    expect(await askInTurn(choose(passed))).toEqual(['csv', 'full', '20']);
    expect(passed.shown).toEqual(['1 data', '2 which folder', '2 scale', '1 data [folder]', '2 preset', '3 size']);
    const cancelled = new ScriptedUser('folder', back, 'csv', 'full', '20');
    expect(await askInTurn(choose(cancelled))).toEqual(['csv', 'full', '20']);
    expect(cancelled.shown.slice(0, 3)).toEqual(['1 data', '2 which folder', '1 data [folder]']);
  });

  it('ask anew what an earlier answer no longer fits, and all that comes after it', async () => {
    const user = new ScriptedUser('a', 'x', back, 'b', '1', '2');
    let choices = ['a'];
    const flow = async (ask: Ask): Promise<string> => {
      const first = await ask(user.question('first', choices));
      const second = await ask(user.question('second'));
      choices = ['b'];
      return `${first}${second}${await ask(user.question('third'))}`;
    };
    expect(await askInTurn(flow)).toBe('b12');
    expect(user.shown).toEqual(['1 first', '2 second', '3 third', '1 first [a]', '2 second [x]', '3 third']);
  });

  it('end with whatever the flow throws', async () => {
    const cancellation = new Error('closed');
    await expect(askInTurn(() => Promise.reject(cancellation))).rejects.toBe(cancellation);
    await expect(askAlone({ ...new ScriptedUser().question('alone'), show: () => Promise.reject(cancellation) })).rejects.toBe(
      cancellation,
    );
  });
});
