import { Option } from 'commander';
import type { Command } from 'commander';
import type { RunSettings } from '../../shared/protocol.ts';

/** As commander names them. */
export interface ExecutionFlags {
  readonly executor?: 'local' | 'slurm';
  readonly partition?: string;
  readonly account?: string;
  readonly gres?: string;
  readonly time?: string;
  readonly memory?: string;
  readonly stageData?: true;
}

/** Where stages run, and what jobs ask for: each goes before what the recipe says. */
export function addExecutionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--executor <kind>',
        'where stages run: processes of this machine, or jobs of Slurm (default: as the recipe says)',
      ).choices(['local', 'slurm']),
    )
    .option('--partition <name>', 'of Slurm, for each job')
    .option('--account <name>', 'of Slurm, for each job')
    .option('--gres <resources>', 'of Slurm, for each job, such as gpu:1')
    .option('--time <limit>', 'of each job: minutes, or hours:minutes:seconds')
    .option('--memory <size>', 'of each job, such as 8G')
    .option('--stage-data', "each job copies the data to its machine's own disk first");
}

export function executionSettings({ executor, stageData, ...flags }: ExecutionFlags): Pick<RunSettings, 'executor' | 'slurm'> {
  const { partition, account, gres, time, memory } = flags;
  const slurm = {
    ...(partition === undefined ? {} : { partition }),
    ...(account === undefined ? {} : { account }),
    ...(gres === undefined ? {} : { gres }),
    ...(time === undefined ? {} : { time }),
    ...(memory === undefined ? {} : { memory }),
    ...(stageData === undefined ? {} : { stage: stageData }),
  };
  return { ...(executor === undefined ? {} : { executor }), ...(Object.keys(slurm).length === 0 ? {} : { slurm }) };
}
