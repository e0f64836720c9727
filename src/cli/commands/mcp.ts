import type { Command } from 'commander';
import { serveMcp } from '../mcp/serve-mcp.ts';

export function registerMcp(program: Command): void {
  program
    .command('mcp')
    .description('serve the Model Context Protocol on standard input and output: agents inspect models, run recipes and read results')
    .option('--folder <folder>', 'what paths are relative to, and where runs are listed', '.')
    .action(({ folder }: { readonly folder: string }) => serveMcp(program.version() ?? 'unknown', folder));
}
