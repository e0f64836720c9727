import { formatCount } from '../../src/shared/drawing/format.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { mostFlipsShown, type NegativeFlip, type NegativeFlips, type NotRecorded } from '../../src/shared/negative-flips.ts';
import type { NodeOfModel } from '../../src/shared/panel-protocol.ts';
import { qualityOfAccuracy } from '../../src/shared/qualities.ts';
import { button } from '../controls.ts';
import { element, section, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** Answers kept, so that going back and forth between nodes reads no data again. */
const mostKept = 8;

type Answer = NegativeFlips | NotRecorded | { readonly kind: 'failed'; readonly message: string };

/** Pictures of the test examples that the trained model gets right and the chosen file gets wrong, read when the user asks for them. */
export function flipsView(actions: PanelActions): View {
  const contents = element('div', { class: 'flips-contents', 'aria-live': 'polite' });
  const show = button(translate('Show Examples'), () => {
    isWanted = true;
    draw();
  });
  const part = section('flips', translate('Right in the trained model, wrong here'), contents);
  const answers = new Map<string, Answer | 'loading'>();
  let isWanted = false;
  let chosen: (NodeOfModel & { readonly title: string }) | undefined;
  let shown: unknown;

  const ask = async (key: string, of: NodeOfModel): Promise<void> => {
    answers.set(key, 'loading');
    const answer = await actions
      .findFlips({ model: of.model, node: of.node })
      .catch((error: unknown): Answer => ({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }));
    answers.delete(key);
    answers.set(key, answer);
    for (const oldest of [...answers.keys()].slice(0, -mostKept)) answers.delete(oldest);
    draw();
  };
  const draw = (): void => {
    if (chosen === undefined) return;
    const key = JSON.stringify([chosen.model, chosen.node]);
    if (isWanted && !answers.has(key)) void ask(key, chosen);
    const answer = answers.get(key);
    const current = isWanted ? answer : key;
    if (current === shown && current !== undefined) return;
    shown = current;
    contents.replaceChildren(...(isWanted ? drawAnswer(answer ?? 'loading', chosen.title) : [show]));
  };
  return {
    element: part,
    update(state) {
      const model = chosenModel(state);
      const node = chosenNode(state);
      const deployed = node?.metrics?.deployed;
      const hasClasses = deployed !== undefined && qualityOfAccuracy(deployed) === 'accuracy';
      setHidden(part, !hasClasses || node?.node.id === model?.tree.id);
      if (part.hidden || model === undefined || node === undefined) return;
      const title = nodeTitle(node.node.title, translate);
      if (chosen?.model !== model.model || chosen.node !== node.node.id) chosen = { model: model.model, node: node.node.id, title };
      draw();
    },
  };
}

function drawAnswer(answer: Answer | 'loading', title: string): readonly HTMLElement[] {
  if (answer === 'loading') return [element('p', { class: 'quiet' }, translate('Reading the examples…'))];
  switch (answer.kind) {
    case 'failed':
      return [element('p', { class: 'banner error' }, answer.message)];
    case 'not-recorded':
      return [
        element('p', { class: 'quiet' }, translate('This result does not hold what the file predicts. Run the recipe again to see it.')),
      ];
    case 'found':
      return drawFlips(answer, title);
  }
}

function drawFlips({ total, samples, examples, classNames, shows }: NegativeFlips, title: string): readonly HTMLElement[] {
  if (total === 0) return [element('p', {}, translate('{0} gets no test example wrong that the trained model gets right.', title))];
  const notes = [
    translate('{0}: {1} of {2} test examples', title, formatCount(total), formatCount(samples)),
    ...(total > mostFlipsShown ? [translate('{0} of them are shown', examples.length)] : []),
    ...(shows === 'spectrogram' ? [translate('sounds as their mel spectrogram, time to the right')] : []),
  ];
  return [
    element('p', {}, notes.join(' · ')),
    element('ul', { class: `flips ${shows}` }, ...examples.map((example) => element('li', {}, drawFlip(example, classNames)))),
  ];
}

function drawFlip({ index, label, predicted, picture }: NegativeFlip, classNames: readonly string[] | undefined): HTMLElement {
  const name = (id: number): string => (id < 0 ? translate('no class') : (classNames?.[id] ?? String(id)));
  const place = translate('Test example {0}', index);
  const caption = element(
    'figcaption',
    {},
    element('span', { class: 'true-class' }, translate('true {0}', name(label))),
    element('span', { class: 'predicted-class' }, translate('predicted {0}', name(predicted))),
  );
  const shown =
    picture === undefined ? [element('p', { class: 'quiet' }, place)] : [element('img', { src: picture, alt: place, title: place })];
  return element('figure', {}, ...shown, caption);
}
