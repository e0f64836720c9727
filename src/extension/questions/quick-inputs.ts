/** Questions in VS Code's quick input. */
import * as vscode from 'vscode';
import { back, type Place, type Question, type Shown } from './ask-in-turn.ts';

interface Wording {
  readonly title?: string | undefined;
  /** The question; unique within a flow. */
  readonly prompt: string;
  /** Questions that come after this one, as far as is known. */
  readonly stepsAfter?: number;
}

export interface Pick<Item extends vscode.QuickPickItem> extends Wording {
  readonly items: readonly Item[];
  /**
   * Finds out more about the items while the user already reads them. They can be chosen at any time.
   *
   * @param describe gives an item, by its place, another description
   * @param signal aborted when the user has chosen or left
   * @returns the place of the item to propose, where one is clearly better than the others
   */
  readonly findOut?: (describe: (index: number, description: string) => void, signal: AbortSignal) => Promise<number | undefined>;
}

/** One of several items. */
export function pickOne<Item extends vscode.QuickPickItem>({ items, findOut, ...wording }: Pick<Item>): Question<Item> {
  // Of items that look alike only the place differs.
  const textOf = (index: number): string => `${index} ${items[index]?.label ?? ''}`;
  const recall = (text: string | undefined): Item | undefined => items.find((_, index) => textOf(index) === text);
  return {
    id: wording.prompt,
    recall,
    show: (place) => {
      const input = vscode.window.createQuickPick<Item>();
      input.items = items;
      input.placeholder = wording.prompt;
      input.matchOnDescription = true;
      const proposed = recall(place.proposal);
      if (proposed !== undefined) input.activeItems = [proposed];
      const controller = new AbortController();
      if (findOut !== undefined) void propose(input, findOut, controller.signal);
      return awaitAnswer(input, wording, place, () => {
        const index = input.items.findIndex((item) => item === input.selectedItems[0]);
        const answer = items[index];
        return answer === undefined ? undefined : { text: textOf(index), answer };
      }).finally(() => controller.abort());
    },
  };
}

/** Shows what is found out about the items. The list keeps its order; the proposal is made where the user has not moved. */
async function propose<Item extends vscode.QuickPickItem>(
  input: vscode.QuickPick<Item>,
  findOut: NonNullable<Pick<Item>['findOut']>,
  signal: AbortSignal,
): Promise<void> {
  const first = placeOf(input.items, input.activeItems);
  let active = first;
  const moved = input.onDidChangeActive((items) => {
    // Of items that were replaced since, nothing can be said.
    if (items.some((item) => input.items.includes(item))) active = placeOf(input.items, items);
  });
  const activate = (index: number): void => {
    const item = input.items[index];
    if (item !== undefined) input.activeItems = [item];
  };
  input.busy = true;
  try {
    const best = await findOut((index, description) => {
      if (signal.aborted) return;
      input.items = input.items.map((item, place) => (place === index ? { ...item, description } : item));
      activate(active);
    }, signal);
    if (!signal.aborted && best !== undefined && active === first) activate(best);
  } catch {
    // It was only to help: the items can be chosen as they are.
  } finally {
    moved.dispose();
    if (!signal.aborted) input.busy = false;
  }
}

/** Of the first of the chosen items; 0 where none is, for the editor then marks the first. */
function placeOf(items: readonly vscode.QuickPickItem[], chosen: readonly vscode.QuickPickItem[]): number {
  return Math.max(
    0,
    items.findIndex((item) => item === chosen[0]),
  );
}

export interface TextEntry extends Wording {
  /** The initial value. */
  readonly value: string;
  /** What is wrong with an entry. */
  validate(text: string): string | undefined;
}

/** A text that the user types. */
export function enterText({ value, validate, ...wording }: TextEntry): Question<string> {
  return {
    id: wording.prompt,
    recall: (text) => text,
    show: (place) => {
      const input = vscode.window.createInputBox();
      input.prompt = wording.prompt;
      input.value = place.proposal ?? value;
      input.onDidChangeValue((text) => (input.validationMessage = validate(text)));
      return awaitAnswer(input, wording, place, () => {
        input.validationMessage = validate(input.value);
        return input.validationMessage === undefined ? { text: input.value, answer: input.value } : undefined;
      });
    },
  };
}

/** A file or folder from the dialog for them, whose cancellation leads back to the question before. */
export function openDialog(id: string, options: vscode.OpenDialogOptions): Question<vscode.Uri> {
  return {
    id,
    isDialog: true,
    recall: (text) => vscode.Uri.parse(text),
    show: async ({ step }) => {
      const [answer] = (await vscode.window.showOpenDialog(options)) ?? [];
      if (answer !== undefined) return { text: answer.toString(), answer };
      if (step === 1) throw new vscode.CancellationError();
      return back;
    },
  };
}

/**
 * Shows an input until it has an answer, or is left for the question before.
 *
 * @param read undefined where the input holds no answer yet
 * @throws vscode.CancellationError when it is closed
 */
function awaitAnswer<Answer>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, stepsAfter = 0 }: Wording,
  { step }: Place,
  read: () => Shown<Answer> | undefined,
): Promise<Shown<Answer> | typeof back> {
  input.title = title;
  // A page that comes up late takes the focus: what was answered so far would be lost.
  input.ignoreFocusOut = true;
  if (step + stepsAfter > 1) {
    input.step = step;
    input.totalSteps = step + stepsAfter;
  }
  if (step > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise<Shown<Answer> | typeof back>((resolve, reject) => {
    input.onDidAccept(() => {
      const shown = read();
      if (shown !== undefined) resolve(shown);
    });
    input.onDidTriggerButton(() => resolve(back));
    input.onDidHide(() => reject(new vscode.CancellationError()));
    input.show();
  }).finally(() => input.dispose());
}
