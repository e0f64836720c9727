import type { BoardFit, CycleProfile, HardwareProfile, OperatorProfile } from '../hardware.ts';
import { formatBytes, formatCount, formatMilliseconds } from './format.ts';
import { english, type Translate } from './translate.ts';

/** `fits Arduino Nano 33 BLE Sense: 24.1 kB of 262.1 kB RAM, …`, or what is missing and at which operator. */
export function describeFit(
  { board, ram, flash }: Pick<HardwareProfile, 'board' | 'ram' | 'flash'>,
  translate: Translate = english,
): string {
  if (board === undefined) return '';
  if (board.fits) {
    return translate(
      'fits {0}: {1} of {2} RAM, {3} of {4} flash',
      board.title,
      formatBytes(ram.arenaBytes),
      formatBytes(board.ramBytes),
      formatBytes(flash.bytes),
      formatBytes(board.flashBytes),
    );
  }
  return translate('does not fit {0}: {1}', board.title, shortages(board, translate).join(', '));
}

function shortages(board: BoardFit, translate: Translate): readonly string[] {
  return board.shortages.map(({ memory, missingBytes, operator }) => {
    const missing = formatBytes(missingBytes);
    if (memory === 'flash') return translate('{0} of flash too much', missing);
    return translate('{0} of RAM too much, at operator {1}', missing, operator ?? '');
  });
}

/** What a file needs of a device, as names and figures. */
export function hardwareFacts(profile: HardwareProfile, translate: Translate = english): readonly (readonly [string, string])[] {
  const { target, board, ram, flash, npu, cycles } = profile;
  return [
    [translate('Target'), target ?? translate('any microcontroller')],
    ...(board === undefined ? [] : [[translate('Board'), describeFit(profile, translate)] as const]),
    [translate('RAM'), translate('≈ {0} of tensor arena, most at {1}', formatBytes(ram.arenaBytes), ram.peakOperator)],
    [
      translate('Tensors and scratch'),
      translate(
        '{0} as TFLite Micro plans them; {1} kept besides, an estimate',
        formatBytes(ram.head.bytes),
        formatBytes(ram.persistent.bytes),
      ),
    ],
    [
      translate('Flash'),
      flash.code === undefined
        ? translate('{0} of file, without the code that runs it', formatBytes(flash.fileBytes))
        : translate(
            '≈ {0}: file {1}, code {2}, an estimate',
            formatBytes(flash.bytes),
            formatBytes(flash.fileBytes),
            formatBytes(flash.code.bytes),
          ),
    ],
    ...(npu === undefined
      ? []
      : [
          [
            translate('Encoded weights'),
            `${formatBytes(npu.weightBytes)}, ${npu.name} (${npu.source === 'estimate' ? translate('an estimate') : npu.source})`,
          ] as const,
        ]),
    ...(cycles === undefined ? [] : [[translate('Cycles'), cycleText(cycles, translate)] as const]),
  ];
}

function cycleText({ cpu, npu, milliseconds }: CycleProfile, translate: Translate): string {
  return [
    ...(cpu > 0 ? [translate('≈ {0} of the CPU', count(cpu))] : []),
    ...(npu > 0 ? [translate('≈ {0} of the NPU', count(npu))] : []),
    ...(milliseconds === undefined ? [] : [`≈ ${formatMilliseconds(milliseconds)}`]),
  ].join(', ');
}

export interface OperatorColumn {
  readonly title: string;
  readonly numeric: boolean;
  readonly cell: (operator: OperatorProfile) => string;
}

/** The table of operators: what each counts, and where a target is given what it takes there. */
export function operatorColumns({ operators }: HardwareProfile, translate: Translate = english): readonly OperatorColumn[] {
  const isTimed = operators.some(({ cycles }) => cycles !== undefined);
  return [
    { title: translate('Name'), numeric: false, cell: ({ name }) => name.split(';')[0] ?? name },
    { title: translate('Operation'), numeric: false, cell: ({ kind }) => kind },
    { title: translate('Parameters'), numeric: true, cell: ({ parameters }) => countOrNothing(parameters) },
    { title: translate('MACs'), numeric: true, cell: ({ macs }) => countOrNothing(macs) },
    ...(isTimed
      ? [
          { title: translate('Cycles'), numeric: true, cell: ({ cycles }: OperatorProfile) => (cycles === undefined ? '' : count(cycles)) },
          { title: translate('Runs on'), numeric: false, cell: ({ processor }: OperatorProfile) => processor?.toUpperCase() ?? '' },
        ]
      : []),
  ];
}

function countOrNothing(value: number): string {
  return value === 0 ? '' : count(value);
}

function count(value: number): string {
  return formatCount(Math.round(value));
}
