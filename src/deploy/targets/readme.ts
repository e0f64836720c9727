import { formatBytes } from '../../shared/drawing/format.ts';
import type { DeploymentPlan, MicroPlan, PlannedInput, PlannedTensor } from '../plan.ts';

export interface Readme {
  readonly title: string;
  /** What to do, step by step, as Markdown. */
  readonly steps: readonly string[];
  /** Further sections. */
  readonly more?: readonly string[];
}

/** The README of a deployment: what is in the folder, how to build it, and what each figure is. */
export function readme(plan: DeploymentPlan, { title, steps, more = [] }: Readme): string {
  const { file, model, packed, inputs, outputs, test, labels } = plan;
  return [
    `# ${file} ${title}`,
    `Written by Espalier. The model takes ${formatBytes(model.length)}${packed ? ', packed: TFLite Micro decodes its kernels as it runs' : ''}.`,
    [
      '| | |',
      '|---|---|',
      ...inputs.map(inputRow),
      ...outputs.map(outputRow),
      ...(labels === undefined ? [] : [`| classes | ${labels.map(cell).join(', ')} |`]),
    ].join('\n'),
    `## Build and test\n\n${steps.map((step, i) => `${i + 1}. ${step}`).join('\n')}`,
    ...more,
    `## The test case\n\n${
      test.fromData
        ? 'The first test example of the data'
        : 'Random numbers, since no data were given (`--data`), so the preprocessing only quantizes'
    }, with the outputs of ${test.runtime}. Other runtimes round in other ways, so outputs may differ by 2 steps of their quantization.`,
    '',
  ].join('\n\n');
}

function inputRow({ details, steps }: PlannedInput): string {
  const from =
    steps.kind === 'image'
      ? `an image, resized to ${steps.height}x${steps.width}x${steps.channels}`
      : steps.kind === 'sound'
        ? `${steps.samples} samples at ${steps.sampleRate} Hz${steps.mfcc === undefined ? '' : ', as MFCC'}`
        : 'numbers';
  return `| input \`${cell(details.name)}\` | ${details.type} [${details.shape.join(', ')}], from ${from} |`;
}

function outputRow({ details }: PlannedTensor): string {
  return `| output \`${cell(details.name)}\` | ${details.type} [${details.shape.join(', ')}] |`;
}

function cell(text: string): string {
  return text.replace(/[|\r\n]/g, ' ');
}

/** What the model takes of flash and RAM, for targets of TFLite Micro. */
export function memorySection({ name, model, registrations, arena, packed }: MicroPlan): string {
  return [
    '## Memory',
    `- Flash: ${formatBytes(model.length)} for the model, besides the code of the runtime and of ${registrations.length} operators.
- RAM: a tensor arena of ${formatBytes(arena.head)} as TFLite Micro's planner lays it out${packed ? ', decoded kernels included' : ''}, and ${formatBytes(arena.persistent)} for its structures, an estimate.
  \`${name}_arena_used()\` returns what is used; \`${name.toUpperCase()}_ARENA_BYTES\` in \`${name}_model.h\` may then be set to it.`,
    ...(packed
      ? [
          '## Packed kernels',
          'The kernels are decoded by the operator `TFLM_DECODE`, which TFLite Micro has since October 2025. If the program does not compile at `AddDecode`, update the runtime, or deploy the plain file (`espalier pack --undo`).',
        ]
      : []),
  ].join('\n\n');
}
