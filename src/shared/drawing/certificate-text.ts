/** The words of a certificate in the reader's language: the certificate itself is written in English, as data. */
import type { CertificateCheck } from '../results.ts';
import type { Translate } from './translate.ts';

type Phrase = readonly [pattern: RegExp, say: (translate: Translate, ...values: readonly string[]) => string];

const phrases: readonly Phrase[] = [
  [/^zeros$/, (translate) => translate('zeros')],
  [/^unique values$/, (translate) => translate('unique values')],
  [/^unique values per channel$/, (translate) => translate('unique values per channel')],
  [/^N:M groups$/, (translate) => translate('N:M groups')],
  [/^parent's zeros$/, (translate) => translate('zeros of the parent')],
  [/^parent's clusters$/, (translate) => translate('clusters of the parent')],
  [/^storage$/, (translate) => translate('storage')],
  [/^sparse$/, (translate) => translate('sparse')],
  [/^dense$/, (translate) => translate('dense')],
  [/^bits a weight$/, (translate) => translate('bits a weight')],
  [/^bits an activation$/, (translate) => translate('bits an activation')],
  [/^blocks of zeros$/, (translate) => translate('blocks of zeros')],
  [/^operators$/, (translate) => translate('operators')],
  [/^decoded integers$/, (translate) => translate('decoded integers')],
  [/^those of the plain file$/, (translate) => translate('those of the plain file')],
  [/^the same, on the same tensors$/, (translate) => translate('the same, on the same tensors')],
  [/^others$/, (translate) => translate('others')],
  [/^all (\d+) bytes equal$/, (translate, count) => translate('all {0} bytes equal', count ?? '')],
  [/^(\d+) of (\d+) bytes differ$/, (translate, count, all) => translate('{0} of {1} bytes differ', count ?? '', all ?? '')],
  [/^full integer$/, (translate) => translate('full integer')],
  [/^at least (\d+) of (\d+(?: x \d+)?)$/, (translate, least, all) => translate('at least {0} of {1}', least ?? '', all ?? '')],
  [/^at most (\d+)$/, (translate, most) => translate('at most {0}', most ?? '')],
  [/^(\d+) zeros in each (\d+)$/, (translate, zeros, size) => translate('{0} zeros in each {1}', zeros ?? '', size ?? '')],
  [/^all hold$/, (translate) => translate('all hold')],
  [/^(\d+) groups with fewer$/, (translate, groups) => translate('{0} groups with fewer', groups ?? '')],
  [/^all kept$/, (translate) => translate('all kept')],
  [/^all (\d+) kept$/, (translate, count) => translate('all {0} kept', count ?? '')],
  [/^(\d+) lost$/, (translate, count) => translate('{0} lost', count ?? '')],
  [/^(\d+) split$/, (translate, count) => translate('{0} split', count ?? '')],
  [/^no parent kernel of this shape$/, (translate) => translate('no parent kernel of this shape')],
  [/^no float tensor but inputs and outputs$/, (translate) => translate('no float tensor but inputs and outputs')],
  [/^none$/, (translate) => translate('none')],
];

export function translateCheck(check: CertificateCheck, translate: Translate): CertificateCheck {
  const say = (text: string): string => translatePhrase(text, translate);
  return {
    ...check,
    layer: check.layer === '' ? translate('whole file') : check.layer,
    property: say(check.property),
    expected: say(check.expected),
    found: say(check.found),
  };
}

/** What is not known stays as it is. */
function translatePhrase(text: string, translate: Translate): string {
  for (const [pattern, say] of phrases) {
    const found = pattern.exec(text);
    if (found !== null) return say(translate, ...found.slice(1));
  }
  return text;
}
