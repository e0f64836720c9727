/** What the host wrote into the page: the translations and which recipe was run. */
import { isObjectOf, isRecordOf, isString, parseChecked } from '../src/shared/checked-json.ts';
import { fillIn } from '../src/shared/drawing/translate.ts';
import type { Translate } from '../src/shared/drawing/translate.ts';

/** Colours of the tree: the states of its nodes, or as the guide draws it. */
export type TreeLook = 'status' | 'guide';

interface PageData {
  readonly recipe: string;
  /** By their English text. */
  readonly strings: Readonly<Record<string, string>>;
  readonly treeLook: TreeLook;
}

function isTreeLook(value: unknown): value is TreeLook {
  return value === 'status' || value === 'guide';
}

const isPageData = isObjectOf<PageData>({ recipe: isString, strings: isRecordOf(isString), treeLook: isTreeLook });

/** Of a page without data, or with data of another version, the texts stay in English. */
export const pageData: PageData = parseChecked(document.body.dataset['page'] ?? '', isPageData) ?? {
  recipe: '',
  strings: {},
  treeLook: 'status',
};

export const translate: Translate = (message, ...values) => fillIn(pageData.strings[message] ?? message, values);
