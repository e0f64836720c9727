/** Espalier as a server of the Model Context Protocol: the editor's tools, and the runs of a folder as resources. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type CallToolResult,
} from '@modelcontextprotocol/sdk/types.js';
import { agentTools, type AgentToolName } from '../../shared/agent-tools.ts';
import { isArrayOf, isObjectOf, optional, isString } from '../../shared/checked-json.ts';
import type { RunProgress, RunTools } from './run-tools.ts';

const isFile = isObjectOf({ path: isString });
const isRecipe = isObjectOf<{ readonly recipe: string; readonly nodes?: readonly string[] | undefined }>({
  recipe: isString,
  nodes: optional(isArrayOf(isString)),
});

interface CallContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

export function createMcpServer(version: string, tools: RunTools): Server {
  const server = new Server(
    { name: 'espalier', title: 'Espalier', version },
    {
      capabilities: { tools: {}, resources: {} },
      instructions:
        'Espalier prunes, clusters and quantizes trained models into measured, certified .tflite files. Read a model with espalier_inspect_model, run a recipe (*.espalier.json) with espalier_run_recipe, and read results with espalier_read_results. Earlier runs are resources.',
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: agentTools.map(({ name, description, inputSchema, readOnly }) => ({
      name,
      description,
      inputSchema: { ...inputSchema, required: [...inputSchema.required], properties: { ...inputSchema.properties } },
      annotations: { readOnlyHint: readOnly, destructiveHint: false, openWorldHint: false },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    const token = params._meta?.progressToken;
    const onProgress = ({ done, nodes, message }: RunProgress): void => {
      if (token !== undefined)
        void extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken: token, progress: done, total: nodes, message },
        });
    };
    // A failed tool is an answer that the model reads, no error of the protocol.
    try {
      return answer(await callTool(tools, params.name, params.arguments ?? {}, { signal: extra.signal, onProgress }));
    } catch (error) {
      return { ...answer(error instanceof Error ? error.message : String(error)), isError: true };
    }
  });
  server.setRequestHandler(ListResourcesRequestSchema, async () => ({
    resources: (await tools.runs()).map((run) => ({
      uri: uriOf(run.runId),
      name: run.runId,
      title: `${run.recipe.split(/[\\/]/).at(-1) ?? ''} ${new Date(run.startedAt).toISOString()}`,
      description: `${run.outcome}, ${run.nodesDone} of ${run.nodes} nodes done`,
      mimeType: 'text/markdown',
    })),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }) => {
    const run = (await tools.runs()).find(({ runId }) => uriOf(runId) === uri);
    if (run === undefined) throw new Error(`there is no run ${uri}; resources/list names all`);
    return { contents: [{ uri, mimeType: 'text/markdown', text: await tools.readRun(run) }] };
  });
  return server;
}

function callTool(tools: RunTools, name: string, input: object, { signal, onProgress }: CallContext): Promise<string> {
  const tool = agentTools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`there is no tool "${name}"; have: ${agentTools.map((known) => known.name).join(', ')}`);
  const calls: Readonly<Record<AgentToolName, () => Promise<string>>> = {
    espalier_inspect_model: () => {
      if (!isFile(input)) throw new Error('"path" has to be a text');
      return tools.inspect(input.path);
    },
    espalier_run_recipe: () => {
      if (!isRecipe(input)) throw new Error('"recipe" has to be a text, "nodes" a list of texts');
      return tools.run(input.recipe, input.nodes, signal, onProgress);
    },
    espalier_read_results: () => {
      if (!isRecipe(input)) throw new Error('"recipe" has to be a text');
      return tools.readResults(input.recipe);
    },
  };
  return calls[tool.name]();
}

function uriOf(runId: string): string {
  return `espalier://runs/${encodeURIComponent(runId)}`;
}

function answer(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}
