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
}

/** One of several items. */
export function pickOne<Item extends vscode.QuickPickItem>({ items, ...wording }: Pick<Item>): Question<Item> {
  // Items with equal labels differ by their index.
  const texts = new Map(items.map((item, index) => [item, `${index} ${item.label}`]));
  const recall = (text: string | undefined): Item | undefined => items.find((item) => texts.get(item) === text);
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
      return awaitAnswer(input, wording, place, () => {
        const [answer] = input.selectedItems;
        return answer === undefined ? undefined : { text: texts.get(answer) ?? '', answer };
      });
    },
  };
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
