/** Questions one after another, with a way back to each. */

/** What a question shows instead of an answer when the user wants the one before it. */
export const back = Symbol('back');

export interface Place {
  /** From 1; dialogs do not count. */
  readonly step: number;
  /** The answer that was given when the question was last asked. */
  readonly proposal: string | undefined;
}

export interface Question<Answer> {
  /** Identifies the question within a flow. */
  readonly id: string;
  /** A separate window without a step number; going back skips it. */
  readonly isDialog?: boolean;
  /** @returns the answer as text, to be recalled from */
  show(place: Place): Promise<Shown<Answer> | typeof back>;
  /** Undefined where the text is no answer any more. */
  recall(text: string): Answer | undefined;
}

export interface Shown<Answer> {
  readonly text: string;
  readonly answer: Answer;
}

export type Ask = <Answer>(question: Question<Answer>) => Promise<Answer>;

interface Given {
  readonly id: string;
  readonly text: string;
  readonly isDialog: boolean;
}

/** Thrown to restart a flow, which then runs up to the question to ask again. */
class WentBack extends Error {}

/**
 * Runs a flow that asks questions, each of which may depend on the answers before it. When the user goes back, the flow
 * runs again from its start with the answers that still stand: it must not change anything before its last question.
 *
 * @param proposals texts of answers by the ids of their questions, which are proposed when a question is asked; new ones are added
 */
export async function askInTurn<Result>(flow: (ask: Ask) => Promise<Result>, proposals = new Map<string, string>()): Promise<Result> {
  let standing: readonly Given[] = [];
  for (;;) {
    const given: Given[] = [];
    const ask: Ask = async (question) => {
      const known = standing[given.length];
      const recalled = known?.id === question.id ? question.recall(known.text) : undefined;
      if (known !== undefined && recalled !== undefined) {
        given.push(known);
        return recalled;
      }
      standing = [];
      const shown = await question.show({
        step: 1 + given.filter(({ isDialog }) => !isDialog).length,
        proposal: proposals.get(question.id),
      });
      if (shown === back) throw new WentBack();
      proposals.set(question.id, shown.text);
      given.push({ id: question.id, text: shown.text, isDialog: question.isDialog ?? false });
      return shown.answer;
    };
    try {
      return await flow(ask);
    } catch (error) {
      if (!(error instanceof WentBack)) throw error;
      const last = given.findLastIndex(({ isDialog }) => !isDialog);
      standing = given.slice(0, Math.max(0, last));
    }
  }
}

/** A single question, with nothing to go back to. */
export const askAlone: Ask = (question) => askInTurn((ask) => ask(question));
