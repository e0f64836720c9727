/** `npm run bench -- NAME [arguments]`: each benchmark is a file of this folder. */
const benchmarks: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  'train-step': () => import('./train-step.ts'),
  'guide-tree': () => import('./guide-tree.ts'),
  'real-size': () => import('./real-size.ts'),
  'step-memory': () => import('./step-memory.ts'),
  'profile-step': () => import('./profile-step.ts'),
  provider: () => import('./provider.ts'),
  'guide-throughput': () => import('./guide-throughput.ts'),
  learning: () => import('./learning.ts'),
  evaluate: () => import('./evaluate.ts'),
  leaves: () => import('./leaves.ts'),
  'integer-grid': () => import('./integer-grid.ts'),
  'stored-forms': () => import('./stored-forms.ts'),
  'hardware-tables': () => import('./hardware-tables.ts'),
  techniques: () => import('./techniques.ts'),
  'panel-events': () => import('./panel-events.ts'),
  activation: () => import('./activation.ts'),
  'sparse-inference': () => import('./sparse-inference.ts'),
  'slurm-scale': () => import('./slurm-scale.ts'),
  'slurm-tree': () => import('./slurm-tree.ts'),
};

async function main([name = '', ...args]: readonly string[]): Promise<void> {
  const load = benchmarks[name];
  if (load === undefined) throw new Error(`there is no benchmark "${name}"; have: ${Object.keys(benchmarks).join(', ')}`);
  const benchmark = await load();
  await benchmark.run(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
