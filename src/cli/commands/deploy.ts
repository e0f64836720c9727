import path from 'node:path';
import { Option, type Command } from 'commander';
import { deployModel } from '../../deploy/deploy-model.ts';
import { deploymentTargetIds, deploymentTargetTitles, type DeploymentResult, type DeploymentTargetId } from '../../shared/deployment.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly to: DeploymentTargetId;
  readonly output: string;
  readonly data?: string;
  readonly name?: string;
  readonly json?: boolean;
}

export function registerDeploy(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('deploy')
    .argument('<file>', 'a .tflite; for microcontrollers a packed one too')
    .addOption(
      new Option('--to <target>', deploymentTargetIds.map((id) => `${id}: ${deploymentTargetTitles[id]}`).join('; '))
        .choices(deploymentTargetIds)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --output <folder>', 'a new or empty folder')
    .option('--data <spec>', `${dataOptionHelp}; its preprocessing becomes code, and its first test example the test case`)
    .option('--name <name>', "begins every name in the code (default: the file's)")
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: Options) => {
      const data = options.data === undefined ? undefined : readDataOption(options.data);
      const result = await deployModel({ file, output: path.resolve(options.output), target: options.to, data, name: options.name });
      printWarnings(terminal, result.warnings);
      if (options.json === true) printJson(terminal, result);
      else terminal.print(describeDeployment(result));
    });
}

function describeDeployment({ output, files, target }: DeploymentResult): string {
  return [
    ...files.map((file) => path.join(output, file)),
    `for ${deploymentTargetTitles[target]}: begin with ${path.join(output, 'README.md')}`,
  ].join('\n');
}
