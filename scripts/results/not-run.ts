import type { Studies } from './studies.ts';

/** Sustained by one data-centre GPU in float32 training of such networks; an assumption, for no GPU was there to measure. */
const gpuMegaMultiplyAddsPerSecond = 2e6;
/** Forward and backward pass, in multiply-adds of an inference. */
const passes = 3;

/** Recipes whose data or time this machine does not have, with what they would take. */
export function notRunSection({ notRun, throughput }: Studies): readonly string[] {
  if (notRun.length === 0) return [];
  const rows = notRun.map(({ recipe, row, published, examples, epochs, network }) => {
    const speed = throughput.find((one) => one.network === network);
    const cells =
      speed === undefined
        ? ['–', '–']
        : [
            duration((examples * epochs) / speed.examplesPerSecond),
            duration((examples * epochs * speed.megaMultiplyAdds * passes) / gpuMegaMultiplyAddsPerSecond),
          ];
    return [row, `[${recipe}](../examples/guide/${recipe})`, published, 'recipe ready, not run here', ...cells];
  });
  const heads = ['Row of the guide', 'Recipe', 'Published INT8', 'Measured', 'Time on one core here', 'Time on a GPU'];
  return [
    '## Recipes that are ready and were not run here',
    '',
    'Their data were not at hand, or their training takes longer than these runs could. Time on one core follows from training steps that were',
    `measured: ${throughput.map(({ network, examplesPerSecond, measured }) => `${network} ${examplesPerSecond} examples/s (${measured})`).join('; ')}. Time on a GPU`,
    'is an estimate that nothing here could check: three times the multiply-adds of an inference for each example, at 2 tera-multiply-adds a second. Reading the',
    'data and training the baseline are not included.',
    '',
    ...[heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ];
}

function duration(seconds: number): string {
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(0)} h` : `${(hours / 24).toFixed(0)} days`;
}
