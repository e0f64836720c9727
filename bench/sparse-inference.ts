/**
 * Time of an inference in LiteRT on one thread: MobileNets dense, and in the form of XNNPACK's sparse inference with
 * 70%, 80% and 90% zeros in their 1x1 convolutions. Weights are random, since time does not depend on them. Files take
 * turns, so that other load of the machine meets all of them. Time is that of the processor, which other load changes
 * less than the clock's.
 *
 * `args[0]`: rounds, 20 without it.
 */
import { quantile } from '../src/core/measure/latency.ts';
import { mobileNetV1 } from '../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../src/core/models/mobilenet-v2.ts';
import type { Network } from '../src/core/network/network.ts';
import { prepareForDeployment } from '../src/core/network/passes/prepare-for-deployment.ts';
import { findSparsePart, type SparsePart } from '../src/core/network/sparse-inference/sparse-part.ts';
import { createRandom } from '../src/core/random.ts';
import { type Interpreter, loadRuntime } from '../src/core/tflite/runtime.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';

const networks: readonly (readonly [string, () => Network])[] = [
  ['MobileNet_v1 1.0, 224', () => mobileNetV1({ seed: 0 })],
  ['MobileNet-V2 1.0, 224', () => mobileNetV2({ seed: 0 })],
  ['MobileNet_v1 0.25, 64', () => mobileNetV1({ alpha: 0.25, inputSize: 64, classes: 10, seed: 0 })],
];
const sparsities = [0.7, 0.8, 0.9];

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(args[0] ?? 20);
  const runtime = await loadRuntime();
  console.log(`${runtime.description}, ${rounds} rounds`);
  for (const [name, build] of networks) {
    const network = prepareForDeployment(build());
    const { part, obstacles } = findSparsePart(network);
    if (part === undefined) throw new Error(`${name}: ${obstacles.map(({ layer, what }) => `${layer} ${what}`).join('; ')}`);
    const files = [
      { label: 'dense', bytes: writeTflite({ kind: 'float', network }) },
      ...sparsities.map((sparsity) => ({
        label: `${sparsity * 100}% zeros`,
        bytes: writeTflite({ kind: 'float', network: withZeros(network, part, sparsity), sparse: part }),
      })),
    ];
    const loaded: { readonly label: string; readonly bytes: number; readonly interpreter: Interpreter; readonly times: number[] }[] = [];
    for (const { label, bytes } of files) loaded.push({ label, bytes: bytes.length, interpreter: await runtime.load(bytes), times: [] });
    const random = createRandom(0);
    const image = Float32Array.from({ length: (loaded[0]?.interpreter.inputs[0]?.bytes ?? 0) / 4 }, () => random.next());
    for (let round = -2; round < rounds; round++) {
      for (const { interpreter, times } of loaded) {
        const start = process.cpuUsage();
        await interpreter.run([new Uint8Array(image.buffer)]);
        const { user, system } = process.cpuUsage(start);
        if (round >= 0) times.push((user + system) / 1000);
      }
    }
    for (const { label, bytes, interpreter, times } of loaded) {
      times.sort((a, b) => a - b);
      console.log(
        `${name}, ${label}: least ${quantile(times, 0).toFixed(2)} ms, median ${quantile(times, 0.5).toFixed(2)} ms, ${bytes} bytes`,
      );
      await interpreter.dispose();
    }
  }
}

/** The smallest weights of each pointwise kernel become zero. */
function withZeros(network: Network, part: SparsePart, sparsity: number): Network {
  const parameters = new Map(network.parameters);
  for (const { kernel } of part.pointwise) {
    const parameter = parameters.get(kernel);
    if (parameter === undefined) continue;
    const threshold = parameter.data.map(Math.abs).sort()[Math.ceil(sparsity * parameter.data.length) - 1] ?? 0;
    parameters.set(kernel, { ...parameter, data: parameter.data.map((weight) => (Math.abs(weight) <= threshold ? 0 : weight)) });
  }
  return { ...network, parameters };
}
