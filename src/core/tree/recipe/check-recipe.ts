/** Checks a recipe before it runs: its text, then the files, layers and classes that it names. */
import type { OutputsByName } from '../../../shared/recipe/output-options.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import { checkData } from '../../data/check-data.ts';
import type { DataSpec } from '../../data/spec/data-spec.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { openData } from '../../data/open-data.ts';
import { outputNames, plannedTarget, planTask } from '../../task/plan-task.ts';
import { type EspalierError, isEspalierError } from '../../errors.ts';
import { importModel } from '../../import/import-model.ts';
import type { Network } from '../../network/network.ts';
import { kernelsOf } from '../../techniques/kernels.ts';
import { layerPattern } from '../../techniques/layer-rules.ts';
import type { DiagnosticCode, RecipeDiagnostic } from '../../../shared/recipe-diagnostics.ts';
import { targetNames } from '../../hardware/targets.ts';
import { namedTeachers } from '../../../shared/recipe/teachers.ts';
import { hasTargets } from '../../../shared/targets.ts';
import { flattenTree } from '../../../shared/tree.ts';
import { planTree } from '../deployment-tree.ts';
import { fitWarning } from '../operations/fit-before-training.ts';
import { deployTarget } from '../profile-node.ts';
import { nodeAdvice } from '../select-nodes.ts';
import { importTeacher } from '../teachers.ts';
import { closest } from '../../closest.ts';
import { exactPattern } from '../../name-patterns.ts';
import { missingPaths, pathNaming } from './data-paths.ts';
import { parseRecipe } from './parse-recipe.ts';
import { readDataBlock } from './read-data-block.ts';
import { dataPaths, type MayRead } from './readable-files.ts';
import type { RecipeDocument } from './recipe-document.ts';

type FieldPath = RecipeDiagnostic['path'];
type Report = (field: FieldPath, code: DiagnosticCode, message: string, more?: Partial<RecipeDiagnostic>) => void;

/**
 * @param folder of the recipe, which its paths are relative to
 * @param mayRead models and data that it refuses are not opened, and nothing is said of them
 */
export async function checkRecipe(text: string, folder: string, mayRead: MayRead = () => true): Promise<readonly RecipeDiagnostic[]> {
  const { salvaged, diagnostics } = parseRecipe(text);
  if (salvaged === undefined) return diagnostics;
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root === undefined) return diagnostics;
  const { recipe } = salvaged;
  const found: RecipeDiagnostic[] = [...diagnostics];
  const report: Report = (field, code, message, more = {}) => {
    const path = salvaged.original(field);
    const { offset, length } = nearestNode(root, path);
    found.push({ severity: 'error', code, message, offset, length, path, suggestions: [], ...more });
  };
  checkNodes(recipe, report);
  const networks: Network[] = [];
  for (const model of modelsOf(recipe)) networks.push(...(await checkModel(model, folder, report, mayRead)));
  for (const { path: teacher, field } of namedTeachers(recipe))
    if (mayRead(path.resolve(folder, teacher))) await checkTeacherFile(teacher, field, networks, folder, report);
  checkLayers(networks, recipe, report);
  checkTarget(networks, recipe, report);
  return found;
}

interface NamedModel {
  readonly path: string;
  readonly field: FieldPath;
  readonly data: DataSpec | string | undefined;
  readonly dataField: FieldPath;
  readonly inputShape: InputShape | undefined;
  readonly outputs: OutputsByName | undefined;
  readonly outputsField: FieldPath;
}

function modelsOf(recipe: RecipeDocument): readonly NamedModel[] {
  if (recipe.model !== undefined)
    return [
      {
        path: recipe.model,
        field: ['model'],
        data: recipe.data,
        dataField: ['data'],
        inputShape: recipe.inputShape,
        outputs: recipe.outputs,
        outputsField: ['outputs'],
      },
    ];
  return (recipe.models ?? []).map((model, index) => ({
    path: model.path,
    field: ['models', index, 'path'],
    data: model.data ?? recipe.data,
    dataField: model.data === undefined ? ['data'] : ['models', index, 'data'],
    inputShape: model.inputShape ?? recipe.inputShape,
    outputs: model.outputs ?? recipe.outputs,
    outputsField: model.outputs === undefined ? ['outputs'] : ['models', index, 'outputs'],
  }));
}

function checkNodes(recipe: RecipeDocument, report: Report): void {
  const tree = flattenTree(planTree(recipe.techniques, { controls: recipe.controls ?? false }).root);
  const known = tree.map(({ node }) => node.id);
  if (hasTargets(recipe.targets) && !tree.some(({ node }) => node.leaf)) {
    report(['targets'], 'contradiction', 'targets are for files to deploy, but the techniques leave none: allow "ptq" or "qat"');
  }
  recipe.nodes?.forEach((name, index) => {
    if (known.includes(name)) return;
    report(['nodes', index], 'unknown-node', `there is no node "${name}"; ${nodeAdvice(name, known)}`, {
      suggestions: closest(name, known),
    });
  });
}

/** The network, where it can be read. */
async function checkModel(model: NamedModel, folder: string, report: Report, mayRead: MayRead): Promise<readonly Network[]> {
  const network = mayRead(path.resolve(folder, model.path)) ? await readNetwork(model, folder, report) : undefined;
  if (model.data !== undefined && (await dataPaths(model.data, folder, mayRead)).every(mayRead))
    await checkModelData(network, model, model.data, folder, report);
  return network === undefined ? [] : [network];
}

async function readNetwork(model: NamedModel, folder: string, report: Report): Promise<Network | undefined> {
  const file = path.resolve(folder, model.path);
  if (!existsSync(file)) {
    reportMissingFile(model.path, model.field, folder, report);
    return undefined;
  }
  return trying(
    async () => (await importModel(file, { inputShapes: inputShapesOf(model.inputShape) })).network,
    ({ message }) => report(model.field, 'unreadable-model', message),
  );
}

/** Every model of the recipe learns from it. */
async function checkTeacherFile(
  teacher: string,
  field: FieldPath,
  networks: readonly Network[],
  folder: string,
  report: Report,
): Promise<void> {
  if (!existsSync(path.resolve(folder, teacher))) return reportMissingFile(teacher, field, folder, report);
  for (const network of networks)
    await trying(
      () => importTeacher(teacher, folder, network, {}),
      ({ message }) => report(field, 'unreadable-model', message),
    );
}

/** A rule may match layers of any of the models. */
function checkLayers(networks: readonly Network[], recipe: RecipeDocument, report: Report): void {
  if (networks.length === 0) return;
  const layers = [...new Set(networks.flatMap((network) => kernelsOf(network).map(({ layer }) => layer)))];
  recipe.layers?.forEach(({ pattern }, index) => {
    if (layers.some((layer) => layerPattern(pattern).test(layer))) return;
    report(['layers', index, 'pattern'], 'unknown-layer', `"${pattern}" matches no layer with a kernel; there are ${layers.join(', ')}`, {
      suggestions: closest(pattern, layers).map(exactPattern),
    });
  });
}

/** A model that is too large is a warning: filters may be pruned away, and clustered weights take less flash. */
function checkTarget(networks: readonly Network[], { deploy }: RecipeDocument, report: Report): void {
  try {
    deployTarget(deploy);
    for (const network of networks) {
      const message = fitWarning(network, deploy);
      if (message !== undefined) report(['deploy', 'board'], 'does-not-fit', message, { severity: 'warning' });
    }
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    report(['deploy', 'target'], 'out-of-range', error.message, { suggestions: closest(deploy?.target ?? '', targetNames()) });
  }
}

/** Without a network only missing files can be found; whether the data fit depends on its inputs. */
async function checkModelData(
  network: Network | undefined,
  model: NamedModel,
  data: DataSpec | string,
  folder: string,
  report: Report,
): Promise<void> {
  const { dataField: field } = model;
  const missing = typeof data === 'string' ? missingPaths({ file: data }, folder) : missingPaths(data, folder);
  for (const named of missing) reportMissingFile(named.text, typeof data === 'string' ? field : [...field, ...named.field], folder, report);
  if (missing.length > 0) return;
  const splits = await trying(
    async () => {
      // A data block inside the recipe is checked with the recipe.
      const { spec, folder: dataFolder } = typeof data === 'string' ? await readDataBlock(data, folder) : { spec: data, folder };
      return openData(spec, dataFolder, {
        seed: 0,
        ...(network === undefined ? {} : { modelInputs: inputsOf(network), modelOutputs: outputsOf(network) }),
      });
    },
    ({ message, code, where }) => {
      if (network === undefined && code !== 'file-access') return;
      const named = typeof data === 'string' || where === undefined ? undefined : pathNaming(data, folder, where);
      report(named === undefined ? field : [...field, ...named.field], 'unreadable-data', message.replaceAll(`${folder}${path.sep}`, ''));
    },
  );
  if (network === undefined || splits === undefined) return;
  const plan = await trying(
    async () => planTask(network, splits, model.outputs),
    (error) => reportPlan(network, model, error, report),
  );
  if (plan === undefined) return;
  const examples = splits.test.size > 0 ? splits.test : splits.train;
  const warnings = await trying(
    () => checkData(network, { ...examples, target: plannedTarget(plan, examples.target) }),
    ({ message }) => report(field, 'wrong-class-count', message),
  );
  for (const warning of warnings ?? []) report(field, 'wrong-class-count', warning, { severity: 'warning' });
}

/** At the output's own field: `outputs.mask.measure`. */
function reportPlan(
  network: Network,
  { outputsField, outputs = {}, dataField }: NamedModel,
  { code, message, where }: EspalierError,
  report: Report,
): void {
  if (code !== 'invalid-recipe' || where === undefined) return report(dataField, 'unreadable-data', message);
  const name = Object.keys(outputs).find((each) => where === `outputs.${each}` || where.startsWith(`outputs.${each}.`));
  const option = name === undefined ? '' : where.slice(`outputs.${name}.`.length);
  const field = [...outputsField, ...(name === undefined ? [] : [name]), ...(option === '' ? [] : [option])];
  const suggestions = name !== undefined && option === '' ? closest(name, outputNames(network)) : [];
  report(field, 'unknown-output', message, { suggestions });
}

async function trying<T>(work: () => Promise<T>, explain: (error: EspalierError) => void): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    explain(error);
    return undefined;
  }
}

/** The field, or the innermost thing around it that is there. */
function nearestNode(root: Node, field: FieldPath): Node {
  for (let length = field.length; length > 0; length--) {
    const node = findNodeAtLocation(root, field.slice(0, length));
    if (node !== undefined) return node;
  }
  return root;
}

function reportMissingFile(named: string, field: FieldPath, folder: string, report: Report): void {
  const suggestions = similarFiles(folder, named);
  const [best] = suggestions;
  const fix = best === undefined ? 'correct the path, which is relative to the recipe' : `did you mean "${best}"?`;
  const what = field.at(-1) === 'folder' ? 'folder' : 'file';
  report(field, 'missing-file', `there is no ${what} "${named}"; ${fix}`, { suggestions });
}

function similarFiles(folder: string, named: string): readonly string[] {
  const parent = path.dirname(named);
  try {
    return closest(path.basename(named), readdirSync(path.resolve(folder, parent))).map((name) =>
      parent === '.' ? name : path.posix.join(parent, name),
    );
  } catch {
    return [];
  }
}
