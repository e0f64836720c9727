import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { translateCheck } from '../../../src/shared/drawing/certificate-text.ts';

const chinese: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../../l10n/bundle.l10n.zh-cn.json', import.meta.url), 'utf8'),
);
const translate = (text: string, ...values: readonly (string | number)[]): string =>
  (chinese[text] ?? text).replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));

describe('a certificate in Chinese', () => {
  // As core/measure writes them.
  it.each([
    ['zeros', 'at least 72 of 144', '75'],
    ['unique values per channel', 'at most 16', '6'],
    ["parent's zeros", 'all kept', 'all 75 kept'],
    ["parent's clusters", 'all kept', '3 split'],
    ['N:M groups', '2 zeros in each 4', '7 groups with fewer'],
    ['blocks of zeros', 'at least 12 of 16 x 1', '14'],
    ['bits a weight', '4', '4'],
    ['bits an activation', '16', '16'],
    ['full integer', 'no float tensor but inputs and outputs', 'none'],
    ['operators', 'those of the plain file', 'the same, on the same tensors'],
    ['operators', 'those of the plain file', 'others'],
    ['decoded integers', 'those of the plain file', 'all 512 bytes equal'],
    ['decoded integers', 'those of the plain file', '3 of 512 bytes differ'],
  ])('has no English words in "%s: %s, %s"', (property, expected, found) => {
    const shown = translateCheck({ layer: '', property, expected, found, passed: true }, translate);
    expect([shown.layer, shown.property, shown.expected, shown.found].join(' ').replaceAll(/N:M| x /g, '')).not.toMatch(/[a-z]{2}/);
  });
});
