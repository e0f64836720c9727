import * as vscode from 'vscode';
import { followRuns } from './context-keys.ts';
import { registerCancelAndResume } from './commands/cancel-and-resume.ts';
import { registerCompareRuns } from './commands/compare-runs.ts';
import { registerConvertAndEvaluate } from './commands/convert-and-evaluate.ts';
import { registerCreateExample } from './commands/create-example.ts';
import { registerExportForTarget } from './commands/export-for-target.ts';
import { registerExportReport } from './commands/export-report.ts';
import { registerInspectModel } from './commands/inspect-model.ts';
import { registerMaintenance } from './commands/maintenance.ts';
import { registerOpenResults } from './commands/open-results.ts';
import { registerOptimizeModel } from './commands/optimize-model.ts';
import { registerRunRecipe } from './commands/run-recipe.ts';
import { registerRunFailedAgain } from './commands/run-failed-again.ts';
import { registerRunToNode } from './commands/run-to-node.ts';
import { registerRecipeEditor } from './editor/register-recipe-editor.ts';
import { registerMcpServer } from './mcp/register-mcp-server.ts';
import { registerPanelRestore } from './panel/restore-panels.ts';
import { ResultPanels } from './panel/result-panel.ts';
import { registerResumeOffer } from './runs/offer-resume.ts';
import { Runs } from './runs/runs.ts';
import type { Services } from './services.ts';
import { registerSensitivity } from './sensitivity/register-sensitivity.ts';
import { registerStatusBar } from './status/status-bar.ts';
import { registerRecipeTasks } from './tasks/recipe-tasks.ts';
import { registerTfliteEditor } from './tflite/tflite-editor.ts';
import { registerLanguageModelTools } from './tools/language-model-tools.ts';
import { requireTrust } from './commands/register-command.ts';
import { registerViews } from './views/register-views.ts';
import { WorkerProcess } from './child-process/worker-process.ts';
import { ModelFiles, RecipeFiles } from './workspace/model-files.ts';
import { readableFolders } from './workspace/readable-folders.ts';
import { readTargets } from './workspace/recipe-outlines.ts';

/** Returns the services for the tests of the extension host. */
export function activate(context: vscode.ExtensionContext): Services {
  const services = createServices(context);
  registerViews(context, services);
  registerRecipeEditor(context, services);
  registerTfliteEditor(context, services);
  registerPanelRestore(context, services);
  registerRecipeTasks(context, services);
  registerLanguageModelTools(context, services);
  registerMcpServer(context);
  registerResumeOffer(context, services);
  context.subscriptions.push(registerStatusBar(services.runs), followRuns(services));
  registerOptimizeModel(context, services);
  registerRunRecipe(context, services);
  registerRunFailedAgain(context, services);
  registerRunToNode(context, services);
  registerCancelAndResume(context, services);
  registerOpenResults(context, services);
  registerCompareRuns(context, services);
  registerExportReport(context, services);
  registerExportForTarget(context, services);
  registerConvertAndEvaluate(context, services);
  registerInspectModel(context, services);
  registerSensitivity(context, services);
  registerCreateExample(context, services);
  registerMaintenance(context, services);
  return services;
}

function createServices(context: vscode.ExtensionContext): Services {
  const log = vscode.window.createOutputChannel('Espalier', { log: true });
  const worker = new WorkerProcess(vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.cjs').fsPath, log);
  const models = new ModelFiles();
  const recipes = new RecipeFiles();
  const runs = new Runs(worker, recipes, log);
  const panels = new ResultPanels({
    extensionUri: context.extensionUri,
    targetsOf: readTargets,
    earlierTimes: (run) => runs.earlierTimes(run),
    negativeFlips: async ({ folder }, chosen) => {
      await requireTrust();
      if (folder === undefined) return { kind: 'not-recorded' };
      return worker.connection.request('negativeFlips', {
        ...chosen,
        runFolder: folder,
        readable: readableFolders(context.workspaceState),
      });
    },
  });
  context.subscriptions.push(log, worker, models, recipes, runs, panels);
  return { log, worker, runs, panels, models, recipes, state: context.workspaceState };
}
