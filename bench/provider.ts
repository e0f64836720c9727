/**
 * Training steps on an execution provider beside the same steps on the processor: losses, times, and the operators that the
 * provider leaves to the processor. `npm run bench -- provider [webgpu] [NETWORK] [plain | masks | fake quantization] [batch size]`
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOnnxRuntimeNode } from '../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine } from '../src/core/engine/onnxruntime/onnxruntime-engine.ts';
import type { Network } from '../src/core/network/network.ts';
import { TrainingSteps } from '../src/core/train/training-steps.ts';
import { randomBatch } from './train-step/candidates.ts';
import { benchedNetworks } from './train-step/networks.ts';
import { trainingSetup, variants, type Variant } from './train-step/variants.ts';

const steps = 3;

export async function run([provider = 'webgpu', part = 'MNIST', chosen, batchSize = '4']: readonly string[]): Promise<void> {
  const networks = benchedNetworks.filter((benched) => benched.name.includes(part));
  const chosenVariants = variants.filter((each) => chosen === undefined || each === chosen);
  if (networks.length === 0 || chosenVariants.length === 0)
    throw new Error(`networks are ${benchedNetworks.map(({ name }) => name).join(', ')}; steps are ${variants.join(', ')}`);
  for (const { name, network } of networks)
    for (const variant of chosenVariants) {
      const job = { network: network(), variant, size: Number(batchSize) };
      const expected = await train('cpu', job);
      const found = await train(provider, job);
      console.log(`\n${name}, ${variant}, batch ${batchSize}: losses of ${steps} steps`);
      for (const [on, { losses, seconds }] of [
        ['cpu', expected],
        [provider, found],
      ] as const)
        console.log(
          `  ${on.padEnd(7)} ${losses.map((loss) => loss.toPrecision(8)).join('  ')}   seconds ${seconds.map((each) => each.toFixed(2)).join(' ')}`,
        );
      console.log(`  largest relative difference ${Math.max(...losses(expected, found)).toExponential(1)}`);
      console.log(
        `  on the processor: ${found.elsewhere.length === 0 ? 'nothing' : found.elsewhere.join(', ')}; on ${provider}: ${found.nodes} nodes a step`,
      );
    }
}

function losses(expected: Steps, found: Steps): readonly number[] {
  return expected.losses.map((loss, i) => Math.abs((found.losses[i] ?? Number.NaN) - loss) / Math.abs(loss));
}

interface Steps {
  readonly losses: readonly number[];
  /** The first one compiles. */
  readonly seconds: readonly number[];
  /** Nodes of one step that run on the provider. */
  readonly nodes: number;
  /** Operators of one step that do not, with their number. */
  readonly elsewhere: readonly string[];
}

async function train(
  provider: string,
  { network, variant, size }: { readonly network: Network; readonly variant: Variant; readonly size: number },
): Promise<Steps> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-provider-'));
  try {
    const engine = createOnnxRuntimeEngine({
      name: 'onnxruntime-node',
      runtime: loadOnnxRuntimeNode(),
      threads: 1,
      provider,
      description: provider,
      contributed: true,
      profile: join(folder, 'step'),
    });
    const setup = trainingSetup(network, variant);
    const training = new TrainingSteps(setup, { engine, batchSize: size, seed: 1, memoryBytes: Number.POSITIVE_INFINITY });
    const batch = randomBatch(network, size);
    const found: { loss: number; seconds: number }[] = [];
    for (let step = 1; step <= steps; step++) {
      const start = performance.now();
      const { loss } = await training.run(batch, step, { update: 1e-2, decay: 0 });
      found.push({ loss, seconds: (performance.now() - start) / 1000 });
    }
    await training.dispose();
    return {
      losses: found.map(({ loss }) => loss),
      seconds: found.map(({ seconds }) => seconds),
      ...placed(
        readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')),
        provider,
      ),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** Which provider ran the nodes, by the profiles of onnxruntime. */
function placed(profiles: readonly string[], provider: string): Pick<Steps, 'nodes' | 'elsewhere'> {
  const events = profiles.flatMap((json): readonly ProfileEvent[] => JSON.parse(json));
  const ran = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  const isElsewhere = ({ args }: ProfileEvent): boolean =>
    provider !== 'cpu' && args?.provider?.toLowerCase().startsWith(provider) !== true;
  const counts = new Map<string, number>();
  for (const { args } of ran.filter(isElsewhere)) counts.set(args?.op_name ?? '', (counts.get(args?.op_name ?? '') ?? 0) + 1);
  return {
    nodes: Math.round(ran.filter((event) => !isElsewhere(event)).length / steps),
    elsewhere: [...counts].map(([operator, count]) => `${Math.round(count / steps)} ${operator}`),
  };
}
