/**
 * Where the time of a training step goes: the nodes of the ONNX graph by operator and shapes, with the milliseconds a
 * step that onnxruntime's profiler gives them. The time of a `Scan` holds that of the nodes of its body, which are listed too.
 *
 * `npm run bench -- profile-step NETWORK [plain | masks | fake quantization] [threads] [lines]`
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOnnxRuntimeNode } from '../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine } from '../src/core/engine/onnxruntime/onnxruntime-engine.ts';
import { espalierCandidate } from './train-step/candidates.ts';
import { benchedNetworks } from './train-step/networks.ts';
import { trainingSetup, variants } from './train-step/variants.ts';

const steps = 8;
/** Not counted: the first steps allocate. */
const warmUp = 3;

export async function run([part = '', variantName = 'plain', threads = '1', lines = '40']: readonly string[]): Promise<void> {
  const variant = variants.find((name) => name === variantName) ?? 'plain';
  for (const { name, network, batchSize } of benchedNetworks.filter((benched) => benched.name.includes(part))) {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-profile-'));
    try {
      const engine = createOnnxRuntimeEngine({
        name: 'onnxruntime-node',
        runtime: loadOnnxRuntimeNode(),
        threads: Number(threads),
        provider: 'cpu',
        description: 'profiled',
        contributed: true,
        profile: join(folder, 'step'),
      });
      const candidate = espalierCandidate(name, engine, trainingSetup(network(), variant), batchSize);
      const times: number[] = [];
      for (let step = 0; step < steps; step++) times.push((await candidate.step()).cpu);
      await candidate.dispose();
      console.log(`\n${name}, ${variant}, ${threads} thread(s), processor ms a step: ${times.map((time) => time.toFixed(1)).join(' ')}`);
      for (const file of readdirSync(folder)) report(readFileSync(join(folder, file), 'utf8'), Number(lines));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly input_type_shape?: unknown; readonly output_type_shape?: unknown };
}

function report(json: string, lines: number): void {
  const events: readonly ProfileEvent[] = JSON.parse(json);
  const nodes = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  const byNode = new Map<string, ProfileEvent[]>();
  for (const event of nodes) byNode.set(event.name, [...(byNode.get(event.name) ?? []), event]);
  // Nodes in the body of a `Scan` run many times a step.
  const counted = [...byNode.values()].flatMap((each) => each.slice(Math.floor((each.length * warmUp) / steps)));
  const summarize = (title: string, key: (event: ProfileEvent) => string): void => {
    const sums = new Map<string, { time: number; count: number }>();
    for (const event of counted) {
      const sum = sums.get(key(event)) ?? { time: 0, count: 0 };
      sums.set(key(event), { time: sum.time + event.dur, count: sum.count + 1 });
    }
    console.log(`  ${title}`);
    const runs = steps - warmUp;
    for (const [name, { time, count }] of [...sums].sort(([, a], [, b]) => b.time - a.time).slice(0, lines))
      console.log(`  ${(time / 1000 / runs).toFixed(2).padStart(8)} ms ${String(Math.round(count / runs)).padStart(4)} x ${name}`);
  };
  summarize('by operator', ({ args }) => args?.op_name ?? '');
  summarize(
    'by operator and shapes',
    ({ args }) => `${args?.op_name ?? ''} ${shapes(args?.input_type_shape)} -> ${shapes(args?.output_type_shape)}`,
  );
}

/** `[{"float":[32,64]},…]` as `[32,64] …`. */
function shapes(types: unknown): string {
  if (!Array.isArray(types)) return '';
  return types.map((type: unknown) => JSON.stringify(typeof type === 'object' && type !== null ? Object.values(type)[0] : type)).join(' ');
}
