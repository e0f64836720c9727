import type { Command } from 'commander';

export function registerMcp(program: Command): void {
  program
    .command('mcp')
    .option('--folder <folder>', 'what paths are relative to, and where runs are listed', '.')
    .action(async ({ folder }: { readonly folder: string }) => {
      // Loaded here, so that no other command waits for the SDK of the protocol.
      const { serveMcp } = await import('../mcp/serve-mcp.ts');
      await serveMcp(program.version() ?? 'unknown', folder);
    });
}
