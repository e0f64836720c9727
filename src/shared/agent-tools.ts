/**
 * The tools that language models call: in the editor, and over the Model Context Protocol from anywhere. One row each;
 * `package.json` repeats them for the editor, which a test compares.
 */
export type AgentToolName = 'espalier_inspect_model' | 'espalier_run_recipe' | 'espalier_read_results';

export interface AgentTool {
  readonly name: AgentToolName;
  /** For the model. */
  readonly description: string;
  readonly inputSchema: ToolSchema;
  /** Whether it leaves everything as it is. */
  readonly readOnly: boolean;
}

interface ToolSchema {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

const recipe = { type: 'string', description: 'Path of the recipe, absolute or relative to a workspace folder.' };

export const agentTools: readonly AgentTool[] = [
  {
    name: 'espalier_inspect_model',
    description:
      'Reads a model file (.keras, .h5, .onnx, .tflite, TFJS model.json, SavedModel folder) and returns its operations, tensors, quantization, and the sparsity and unique values of every kernel as JSON.',
    inputSchema: {
      type: 'object',
      required: ['path'],
      properties: { path: { type: 'string', description: 'Path of the model, absolute or relative to a workspace folder.' } },
    },
    readOnly: true,
  },
  {
    name: 'espalier_run_recipe',
    description:
      'Runs an Espalier recipe (*.espalier.json): prunes, clusters and quantizes the models along the deployment tree and returns the table of results. Takes minutes to hours. The user is asked first.',
    inputSchema: {
      type: 'object',
      required: ['recipe'],
      properties: {
        recipe,
        nodes: {
          type: 'array',
          items: { type: 'string' },
          description: 'Only these nodes and those that they come from, such as pruned/pqat.',
        },
      },
    },
    readOnly: false,
  },
  {
    name: 'espalier_read_results',
    description:
      'Returns the table of results of the latest run of an Espalier recipe: accuracy, size, compressed size, sparsity, unique values, latency and certificate of every node.',
    inputSchema: { type: 'object', required: ['recipe'], properties: { recipe } },
    readOnly: true,
  },
];
