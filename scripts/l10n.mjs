/**
 * The texts that users see: collected from the sources, and checked against the translations.
 *   node scripts/l10n.mjs     lists what has no translation, and translations of what is no more
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const languages = ['zh-cn'];

/** Every first argument of `l10n.t` and `translate`, and the words of the tables of techniques, measures and graph colours. */
export async function collectTexts() {
  const texts = new Set();
  for (const folder of ['src/extension', 'src/shared', 'webview']) {
    for (const entry of readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.name.endsWith('.ts'))
        collect(path.join(entry.parentPath, entry.name), /\b(?:l10n\.t|translate)\(\s*'((?:[^'\\]|\\.)*)'/g, texts);
    }
  }
  const { nodeTitles, techniqueTitles } = await importSource('src/shared/tree-shape.ts');
  const { measureTexts } = await importSource('src/shared/measures.ts');
  const { shadingTexts } = await importSource('src/shared/graph/graph-shading.ts');
  for (const text of [...nodeTitles(), ...techniqueTitles(), ...measureTexts(), ...shadingTexts()]) texts.add(text);
  return texts;
}

/** A TypeScript module without Node's own support for it. */
async function importSource(file) {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, file)],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function collect(file, pattern, texts) {
  for (const [, text] of readFileSync(file, 'utf8').matchAll(pattern)) texts.add(text.replaceAll("\\'", "'"));
}

export function readBundle(language) {
  return JSON.parse(readFileSync(path.join(root, 'l10n', `bundle.l10n.${language}.json`), 'utf8'));
}

/** @returns {Promise<{ missing: string[], unused: string[], placeholders: string[] }>} `placeholders` are translations that lose or invent one */
export async function checkBundle(language) {
  const texts = await collectTexts();
  const bundle = readBundle(language);
  const marks = (text) =>
    [...text.matchAll(/\{\d+\}/g)]
      .map(([mark]) => mark)
      .toSorted()
      .join();
  return {
    missing: [...texts].filter((text) => !(text in bundle)),
    unused: Object.keys(bundle).filter((text) => !texts.has(text)),
    placeholders: Object.entries(bundle).flatMap(([text, translated]) => (marks(text) === marks(translated) ? [] : [text])),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const language of languages) console.log(language, JSON.stringify(await checkBundle(language), null, 2));
}
