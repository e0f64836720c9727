/** Events of a made-up run over the whole deployment tree, the same for the same arguments. */
import { createRandom } from '../../src/core/random.ts';
import type { RunEvent, RunEventBody } from '../../src/shared/events.ts';
import type { DensityPlot, NodeMetrics } from '../../src/shared/results.ts';
import { flattenTree } from '../../src/shared/tree.ts';
import type { NodeTechnique, TreeNode } from '../../src/shared/tree.ts';

function node(
  id: string,
  technique: NodeTechnique,
  title: string,
  precision: 'fp32' | 'int8',
  traits: string,
  children: readonly TreeNode[] = [],
): TreeNode {
  return {
    id,
    technique,
    title,
    precision,
    fineTuned: traits.includes('f'),
    collaborative: traits.includes('c'),
    leaf: precision === 'int8',
    children,
  };
}

/** The guide's ten nodes and the two direct quantizations. */
export const exampleTree: TreeNode = node('baseline', 'baseline', 'Trained model', 'fp32', '', [
  node('ptq', 'ptq', 'Quantized model', 'int8', ''),
  node('qat', 'qat', 'QAT model', 'int8', 'f'),
  node('pruned', 'pruning', 'Pruned model', 'fp32', 'f', [
    node('pruned/ptq', 'ptq', 'Quantized, pruned model', 'int8', ''),
    node('pruned/pqat', 'pqat', 'QAT, pruned model', 'int8', 'fc'),
    node('pruned/clustered', 'sparsity-preserving-clustering', 'Pruned, clustered model', 'fp32', 'fc', [
      node('pruned/clustered/ptq', 'ptq', 'Quantized pruned, clustered model', 'int8', ''),
      node('pruned/clustered/pcqat', 'pcqat', 'QAT pruned, clustered model', 'int8', 'fc'),
    ]),
  ]),
  node('clustered', 'clustering', 'Clustered model', 'fp32', 'f', [
    node('clustered/ptq', 'ptq', 'Quantized, clustered model', 'int8', ''),
    node('clustered/cqat', 'cqat', 'QAT, clustered model', 'int8', 'fc'),
  ]),
]);

const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5);
const kernels = [
  { layer: 'conv2d', operation: 'conv2d', shape: [3, 3, 1, 12], elements: 108 },
  { layer: 'dense', operation: 'dense', shape: [2028, 10], elements: 20_280 },
] as const;

export interface ExampleRunOptions {
  readonly models?: readonly string[];
  /** Progress events of each fine-tuned node. */
  readonly steps?: number;
  readonly runId?: string;
  readonly tree?: TreeNode;
  /** Ids of nodes that fail; what comes from them is skipped. */
  readonly failing?: readonly string[];
}

/** Of every node that fails. */
export const exampleCause = {
  what: 'the loss is not a number after step 3',
  where: 'techniques.pruning',
  fix: 'lower "learningRate", or leave it out',
} as const;

export function exampleRun({
  models = ['mnist'],
  steps = 8,
  runId = 'example',
  tree = exampleTree,
  failing = [],
}: ExampleRunOptions = {}): readonly RunEvent[] {
  const bodies: RunEventBody[] = [
    {
      type: 'run-started',
      version: 1,
      runId,
      recipe: 'mnist.espalier.json',
      espalier: '0.1.0',
      engine: 'onnxruntime-node 1.30.0',
      runtime: 'LiteRT 2.5.3',
      machine: '2 × x64',
      models: models.map((model) => ({ model, tree })),
    },
  ];
  for (const model of models) {
    for (const {
      node: { id, title, technique, precision, fineTuned },
    } of flattenTree(tree)) {
      const lost = failing.find((failed) => id.startsWith(`${failed}/`));
      if (lost !== undefined) {
        bodies.push({ type: 'node-skipped', model, node: id, reason: `${titleOf(tree, lost)} has no result` });
        continue;
      }
      bodies.push({ type: 'node-started', model, node: id });
      if (failing.includes(id)) {
        const message = `${exampleCause.where}: ${exampleCause.what}; ${exampleCause.fix}`;
        bodies.push({ type: 'node-failed', model, node: id, message, cause: exampleCause });
        continue;
      }
      if (fineTuned) {
        for (let step = 1; step <= steps; step += 1) bodies.push(progress(model, id, step, steps));
      }
      bodies.push({ type: 'log', level: 'info', message: `${title} measured`, model, node: id });
      bodies.push({
        type: 'node-finished',
        model,
        node: id,
        cached: false,
        metrics: metricsOf(id, technique, precision),
        densities: densitiesOf(id, precision),
        tflite: `${model}/${id}/model.tflite`,
      });
    }
  }
  bodies.push(
    failing.length === 0
      ? { type: 'run-finished', outcome: 'done', reason: 'every node was run' }
      : { type: 'run-finished', outcome: 'failed', reason: `${failing.map((id) => titleOf(tree, id)).join(', ')} failed` },
  );
  return bodies.map((body, sequence) => ({ ...body, sequence, time: startedAt + sequence * 250 }));
}

function titleOf(tree: TreeNode, id: string): string {
  return flattenTree(tree).find(({ node: candidate }) => candidate.id === id)?.node.title ?? id;
}

function progress(model: string, id: string, step: number, steps: number): RunEventBody {
  return {
    type: 'node-progress',
    model,
    node: id,
    phase: 'training',
    fraction: step / steps,
    training: {
      step,
      steps,
      epoch: 0,
      loss: 0.5 / Math.sqrt(step),
      accuracy: 1 - 0.2 / Math.sqrt(step),
      learningRate: 1e-3,
      examplesPerSecond: 12_000,
      secondsLeft: (steps - step) / 4,
    },
  };
}

function metricsOf(id: string, technique: NodeTechnique, precision: 'fp32' | 'int8'): NodeMetrics {
  const random = createRandom([...id].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7));
  const top1 = 0.975 + 0.008 * random.next();
  const pruned = id.includes('pruned');
  const clustered = id.includes('cluster');
  const raw = precision === 'int8' ? 25_512 : 84_968;
  const gzip = Math.round(raw * (0.9 - (pruned ? 0.3 : 0) - (clustered ? 0.35 : 0)));
  const measured = { top5: undefined, meanSquaredError: undefined, samples: 10_000 };
  return {
    simulated: { ...measured, top1, runtime: 'onnxruntime-node 1.30.0' },
    deployed: precision === 'int8' ? { ...measured, top1: top1 - 0.0004, runtime: 'LiteRT 2.5.3' } : undefined,
    sizes: { raw, gzip, zip: gzip + 118, zstd: gzip - 1207, brotli: gzip - 1407, packed: precision === 'int8' ? gzip + 400 : undefined },
    hardware: {
      target: 'cortex-m4',
      ramBytes: precision === 'int8' ? 9_640 : 37_216,
      flashBytes: raw + 40_000,
      macs: 250_000,
      cycles: precision === 'int8' ? 850_000 : undefined,
      fitsBoard: undefined,
    },
    latency: {
      medianMilliseconds: precision === 'int8' ? 0.081 : 0.124,
      p10Milliseconds: 0.07,
      p90Milliseconds: 0.2,
      runs: 200,
      runtime: 'LiteRT 2.5.3',
    },
    weights: kernels.map((kernel) => ({
      ...kernel,
      tensor: `${kernel.layer}/kernel`,
      zeros: pruned ? kernel.elements / 2 : 0,
      uniqueValues: clustered ? 8 : 201,
      uniqueValuesPerChannel: clustered ? 8 : 40,
    })),
    certificate:
      precision === 'int8'
        ? {
            passed: true,
            checks: [
              {
                layer: 'dense',
                property: pruned ? 'zeros' : 'full integer',
                expected: pruned ? 'at least 10140' : 'yes',
                found: pruned ? '10140' : 'yes',
                passed: true,
              },
            ],
          }
        : undefined,
    trainingSeconds: technique === 'baseline' || technique === 'ptq' ? undefined : 4.2,
    curve:
      technique === 'baseline' || technique === 'ptq'
        ? []
        : [
            { step: 1, loss: 0.5, accuracy: 0.8 },
            { step: 8, loss: 0.18, accuracy: 0.93 },
          ],
  };
}

/** A bell, with a spike at zero where weights were pruned and only spikes where they were clustered. */
function densitiesOf(id: string, precision: 'fp32' | 'int8'): readonly DensityPlot[] {
  const bins = precision === 'int8' ? 256 : 64;
  return kernels.map(({ layer, elements }) => {
    const counts = Array.from({ length: bins }, (_, bin) => {
      const x = ((bin + 0.5) / bins) * 6 - 3;
      const bell = Math.exp(-(x * x) / 2);
      const gap = id.includes('pruned') && Math.abs(x) < 0.6 ? 0 : 1;
      const spike = id.includes('cluster') && bin % Math.round(bins / 9) !== 0 ? 0 : 1;
      return Math.round(bell * gap * spike * (elements / bins));
    });
    if (id.includes('pruned')) counts[bins / 2] = elements / 2;
    return {
      layer,
      axis: precision === 'int8' ? 'integer' : 'weight',
      minimum: precision === 'int8' ? -128.5 : -0.6,
      maximum: precision === 'int8' ? 127.5 : 0.6,
      counts,
      zeros: id.includes('pruned') ? elements / 2 : 0,
      elements,
    };
  });
}
