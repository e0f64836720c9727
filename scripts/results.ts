/**
 * `docs/results.md`, and the table of the READMEs, from the recipes in `examples/guide`: `npm run results -- [--data FOLDER] [--threads N] [--only TEXT] [--render]`.
 * Models and stages that this commit made before are kept, so that it can be stopped and called again; another commit begins anew.
 * `--only` runs the studies whose recipe contains the text, `--render` none, and both write the document from the finished runs there are;
 * studies without one keep their section.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cleanCache, linkData, makeStudy } from './results/make-results.ts';
import { provenanceFor, readProvenance } from './results/provenance.ts';
import { readmes, withReadmeTable } from './results/readme-table.ts';
import { resultsDocument } from './results/results-document.ts';
import { readStudies, studiesFolder } from './results/studies.ts';
import { finishedRuns } from './results/study-runs.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: process.env['ESPALIER_TEST_DATA'] },
      threads: { type: 'string' },
      only: { type: 'string', default: '' },
      render: { type: 'boolean', default: false },
      cli: { type: 'string', default: path.join('dist', 'cli.cjs') },
    },
  });
  const root = process.cwd();
  const studies = readStudies(root);
  if (!values.render) {
    linkData(root, values.data);
    const options = { root, cli: path.resolve(values.cli), threads: values.threads === undefined ? undefined : Number(values.threads) };
    provenanceFor(root, studies, () => cleanCache(options), Date.now());
    const chosen = studies.studies.filter(({ recipe }) => recipe.includes(values.only));
    if (chosen.length === 0)
      throw new Error(`no recipe contains "${values.only}"; there are ${studies.studies.map(({ recipe }) => recipe).join(', ')}`);
    for (const study of chosen) makeStudy(study, studies, options);
  }
  const provenance = readProvenance(root);
  if (provenance === undefined) throw new Error('nothing was run here yet: call it without --render');
  const folder = path.join(root, studiesFolder);
  const results = await Promise.all(
    studies.studies.map(async (study) => ({ study, runs: await finishedRuns(study, folder, provenance.since) })),
  );
  const document = path.join(root, 'docs', 'results.md');
  const previous = existsSync(document) ? readFileSync(document, 'utf8') : '';
  const text = resultsDocument(studies, results, provenance.commit, previous);
  writeFileSync(document, text);
  for (const [name, language] of readmes) {
    const readme = path.join(root, name);
    writeFileSync(readme, withReadmeTable(readFileSync(readme, 'utf8'), text, language));
  }
  const made = results.filter(({ runs }) => runs.length > 0).length;
  console.log(`docs/results.md: ${made} of ${results.length} studies from runs`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
