/** The commands: what the overview says of each, and where its code is. It is loaded when the command is asked for. */
import type { Command } from 'commander';
import { dataSetNames } from '../core/data/fetch/catalogue.ts';

export interface CommandRow {
  readonly name: string;
  readonly description: string;
  /** Adds the command with its arguments and options to a program. */
  load(): Promise<(program: Command) => void>;
}

/** In the order of the overview. */
export const commandTable: readonly CommandRow[] = [
  {
    name: 'create-example',
    description: 'make a project to try: generated digits, a small baseline trained on the spot, and a recipe',
    load: async () => (await import('./commands/create-example.ts')).registerCreateExample,
  },
  {
    name: 'create',
    description: 'build a published architecture with initial weights, or trained from them on your data',
    load: async () => (await import('./commands/create.ts')).registerCreate,
  },
  {
    name: 'init',
    description: 'write a commented starting recipe',
    load: async () => (await import('./commands/init.ts')).registerInit,
  },
  {
    name: 'run',
    description:
      'walk the deployment tree of a recipe: exit code 0 when done and the targets are met, 3 when no file meets them, 1 on failure',
    load: async () => (await import('./commands/run.ts')).registerRun,
  },
  {
    name: 'optimize',
    description: 'from a budget of bytes to a file, layer by layer; or along one path of the deployment tree with --steps',
    load: async () => (await import('./commands/optimize.ts')).registerOptimize,
  },
  {
    name: 'runs',
    description: 'list the runs of a folder, newest first',
    load: async () => (await import('./commands/runs.ts')).registerRuns,
  },
  {
    name: 'report',
    description: 'write a report of a run: tree, densities, tables, curves and certificates in one HTML file, or the table alone',
    load: async () => (await import('./commands/report.ts')).registerReport,
  },
  {
    name: 'compare',
    description: 'two or more runs side by side, node by node, as Markdown',
    load: async () => (await import('./commands/report.ts')).registerCompare,
  },
  {
    name: 'verify',
    description:
      'compare the files of runs and of the cache with their digests, and compute sizes and certificates again from the .tflite files; exits 1 when something differs',
    load: async () => (await import('./commands/verify.ts')).registerVerify,
  },
  {
    name: 'clean',
    description: 'delete runs or the cache of stages, or tell what they take',
    load: async () => (await import('./commands/runs.ts')).registerClean,
  },
  {
    name: 'fetch',
    description: `download a published data set over https and compare its SHA-256: ${dataSetNames.join(', ')}`,
    load: async () => (await import('./commands/fetch.ts')).registerFetch,
  },
  {
    name: 'inspect',
    description: 'describe a model: operations, shapes, parameters, and zeros and unique values of each kernel',
    load: async () => (await import('./commands/inspect.ts')).registerInspect,
  },
  {
    name: 'convert',
    description: 'write a model as .tflite',
    load: async () => (await import('./commands/convert.ts')).registerConvert,
  },
  {
    name: 'evaluate',
    description: 'measure a model on data: a .tflite in LiteRT from its bytes, every other model on the training engine',
    load: async () => (await import('./commands/evaluate.ts')).registerEvaluate,
  },
  {
    name: 'certify',
    description: 'count zeros and unique values of every kernel from the numbers in a .tflite, and judge them; exits 1 when a check fails',
    load: async () => (await import('./commands/certify.ts')).registerCertify,
  },
  {
    name: 'profile',
    description: 'what a model needs of a microcontroller: RAM as TFLite Micro lays it out, flash, cycles, and whether it fits a board',
    load: async () => (await import('./commands/profile.ts')).registerProfile,
  },
  {
    name: 'sensitivity',
    description:
      'which layer hurts: how far the output moves with one layer pruned, clustered, in 4 bits or with int16 activations, what the layer then takes, and the cycles it saves',
    load: async () => (await import('./commands/sensitivity.ts')).registerSensitivity,
  },
  {
    name: 'pack',
    description:
      'store the kernels of an int8 .tflite in fewer bytes, which TFLite Micro decodes as it runs; proves that nothing else changed',
    load: async () => (await import('./commands/pack.ts')).registerPack,
  },
  {
    name: 'mcp',
    description: 'serve the Model Context Protocol on standard input and output: agents inspect models, run recipes and read results',
    load: async () => (await import('./commands/mcp.ts')).registerMcp,
  },
  {
    name: 'deploy',
    description:
      'write a folder with all that a program needs to run a .tflite on a target: model, preprocessing, runtime, a test case, build files',
    load: async () => (await import('./commands/deploy.ts')).registerDeploy,
  },
];

/**
 * Adds all commands to a program: the one that the arguments name whole, the others by name and description.
 *
 * @param args as the user gave them, from the command on
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const asked = first === 'help' ? second : first;
  for (const { name, description, load } of commandTable) {
    if (name === asked) (await load())(program);
    else program.command(name);
    program.commands.find((command) => command.name() === name)?.description(description);
  }
}
