/** What the host wrote into the page: the translations and which recipe was run. */
import { fillIn } from '../src/shared/drawing/translate.ts';
import type { Translate } from '../src/shared/drawing/translate.ts';

interface PageData {
  readonly recipe: string;
  /** By their English text. */
  readonly strings: Readonly<Record<string, string>>;
}

export const pageData: PageData = JSON.parse(document.body.dataset['page'] ?? '{}');

export const translate: Translate = (message, ...values) => fillIn(pageData.strings[message] ?? message, values);
