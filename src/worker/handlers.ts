import path from 'node:path';
import { cleanRuns, listRuns } from '../core/tree/list-runs.ts';
import { refuseLoginNode, trainInJob } from '../core/tree/execution/login-node.ts';
import { checkRecipe } from '../core/tree/recipe/check-recipe.ts';
import { readableBelow, unreadableFiles } from '../core/tree/recipe/readable-files.ts';
import { resumeSession, startSession } from '../core/tree/session.ts';
import { readEventsFrom } from '../core/tree/store/event-log.ts';
import { readOwner } from '../core/tree/store/run-owner.ts';
import { runFiles } from '../core/tree/store/run-store.ts';
import { readRunFolder } from '../core/tree/stored-run.ts';
import { openInputs } from '../core/import/import-model.ts';
import { certifyFile } from '../core/tree/operations/certify-file.ts';
import { convertModel } from '../core/tree/operations/convert-model.ts';
import { createExample } from '../core/example/create-example.ts';
import { evaluateModel } from '../core/tree/operations/evaluate-model.ts';
import { findNegativeFlips } from '../core/tree/operations/find-negative-flips.ts';
import { inspectModel } from '../core/tree/operations/inspect-model.ts';
import { modelSensitivity } from '../core/tree/operations/model-sensitivity.ts';
import { estimateRun } from '../core/tree/operations/estimate-run.ts';
import { writeRecipe } from '../core/tree/operations/write-recipe.ts';
import { writeReport } from '../core/report/write-report.ts';
import { deployModel } from '../deploy/deploy-model.ts';
import type { Handlers } from '../shared/message-handler.ts';
import { PROTOCOL_VERSION } from '../shared/protocol.ts';
import type { WorkerProtocol } from '../shared/protocol.ts';
import { codeDigest } from './code-digest.ts';
import { environment } from './environment.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import type { Runs } from './runs.ts';

export function createHandlers(runs: Runs): Handlers<WorkerProtocol> {
  return {
    ping: () =>
      Promise.resolve({ protocol: PROTOCOL_VERSION, espalier: environment().espalier, node: process.version, process: process.pid }),
    startRun: async ({ recipe, ...options }) => runs.start(await startSession(recipe, options, environment())),
    resumeRun: async ({ runFolder, ...options }) => runs.start(await resumeSession(runFolder, environment(), options)),
    cancelRun: async ({ runId }) => {
      await runs.cancel(runId);
      return null;
    },
    readRun: async ({ runFolder, from = 0 }) => {
      // A reader of the whole log knows nothing of the run yet, so its files are checked for consistency.
      if (from === 0) await readRunFolder(runFolder);
      const owner = await readOwner(runFolder);
      // The owner first: of a run that ends in between, the log then has the end.
      return { ...readEventsFrom(path.join(runFolder, runFiles.events), from), owned: owner !== undefined && isAlive(owner) };
    },
    negativeFlips: ({ readable, ...question }) => findNegativeFlips({ ...question, mayRead: readableBelow(readable) }),
    listRuns: async ({ folder }) => ({ runs: await listRuns(folder, isAlive) }),
    clean: async ({ folder, runFolders = [], cache = false }) => ({
      bytes: await cleanRuns(folder, runFolders, { cache, self: ownIdentity(), isAlive }),
    }),
    checkRecipe: async ({ path: file, text, readable }) => ({
      diagnostics: await checkRecipe(text, path.dirname(file), readableBelow(readable)),
    }),
    filesOutside: async ({ path: file, text, folders }) => ({
      files: await unreadableFiles(text, path.dirname(file), readableBelow(folders)),
    }),
    writeRecipe,
    estimateRun,
    inspect: ({ path: file, inputShape }) => inspectModel(file, inputShape),
    openInputs: async ({ path: file }) => ({ inputs: await openInputs(file) }),
    convert: (conversion, { signal, onProgress }) => convertModel(conversion, { signal, onProgress }),
    evaluate: (evaluation, { signal, onProgress }) =>
      evaluateModel(evaluation, { signal, onProgress, threadScript: environment().threadScript }),
    sensitivity: (question, { signal, onProgress }) => modelSensitivity(question, { signal, onProgress, code: codeDigest() }),
    deploy: deployModel,
    certify: async ({ path: file, parent }) => (await certifyFile(file, parent)).verdict,
    report: ({ runFolder, format, output }) => writeReport(runFolder, format, output),
    createExample: async ({ folder, force = false }, { signal, onProgress }) => {
      await refuseLoginNode(environment(), trainInJob);
      return { recipe: (await createExample(folder, { force, signal, onProgress })).recipe };
    },
  };
}
