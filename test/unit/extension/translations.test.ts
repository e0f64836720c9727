import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkBundle, languages } from '../../../scripts/l10n.mjs';

const root = new URL('../../../', import.meta.url);
const read = (file: string): Record<string, string> => JSON.parse(readFileSync(new URL(file, root), 'utf8'));

describe.each(languages)('the translation into %s', (language) => {
  it('has every text of the sources, nothing else, and keeps the placeholders', async () => {
    expect(await checkBundle(language)).toEqual({ missing: [], unused: [], placeholders: [] });
  });

  it('has every text of the manifest', () => {
    const manifest = readFileSync(new URL('package.json', root), 'utf8');
    const keys = [...manifest.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? '').toSorted();
    expect(Object.keys(read('package.nls.json')).toSorted()).toEqual([...new Set(keys)].toSorted());
    expect(Object.keys(read(`package.nls.${language}.json`)).toSorted()).toEqual([...new Set(keys)].toSorted());
  });
});
