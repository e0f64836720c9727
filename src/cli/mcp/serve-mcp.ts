import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { startWorker } from '../worker-client.ts';
import { createMcpServer } from './mcp-server.ts';
import { RunTools } from './run-tools.ts';

/** Serves standard input and output until the client closes them. */
export async function serveMcp(version: string, folder: string): Promise<void> {
  const tools = new RunTools(folder, () => startWorker(undefined, 'stderr'));
  const server = createMcpServer(version, tools);
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  await server.connect(new StdioServerTransport());
  await closed;
  tools.dispose();
}
