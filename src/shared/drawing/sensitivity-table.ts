/** The heat map of a model's sensitivity, layer by choice: columns, their order, and how strong a cell's colour is. */
import { describeChoice, dials, type LayerChoice, sameChoice, singleChoices } from '../layer-choices.ts';
import {
  byteCounts,
  type ByteCount,
  type ChoiceSensitivity,
  type CycleCount,
  cycleCounts,
  cyclesSaved,
  type LayerSensitivity,
} from '../sensitivity.ts';
import { csvCell } from '../csv-cell.ts';
import { formatBytes, formatCount, missing } from './format.ts';
import { compareFigures, type Order } from './sorting.ts';
import type { Translate } from './translate.ts';

/** What the cells say: the change of the output, the bytes of the kernel by one way to count, or the cycles that a choice saves. */
export type SensitivityFigure = 'divergence' | ByteCount | CycleFigure;
export type CycleFigure = `cycles ${CycleCount}`;

export function isSensitivityFigure(text: string): text is SensitivityFigure {
  return text === 'divergence' || byteCounts.some((count) => count === text) || cycleCounts.some((count) => cycleFigure(count) === text);
}

export function cycleFigure(count: CycleCount): CycleFigure {
  return `cycles ${count}`;
}

export interface SensitivityColumn {
  readonly key: string;
  readonly title: string;
  readonly numeric: boolean;
  /** Undefined for columns that say what the layer is. */
  readonly choice: LayerChoice | undefined;
  text(layer: LayerSensitivity, figure: SensitivityFigure): string;
  order(layer: LayerSensitivity, figure: SensitivityFigure): number | string | undefined;
}

/** Output changes below the first count as none, from the second on as ruin: the ends of the colours, in nats or as a part of the variance. */
export const heatEnds = [1e-4, 1] as const;

/** From 0 to 1 on a logarithmic scale, the same for every model, so that two can be compared. */
export function heatOf(divergence: number): number {
  const [least, most] = heatEnds;
  if (divergence <= least) return 0;
  return Math.min(1, Math.log(divergence / least) / Math.log(most / least));
}

export function choiceIn({ choices }: LayerSensitivity, wanted: LayerChoice): ChoiceSensitivity | undefined {
  return choices.find((choice) => sameChoice(choice, wanted));
}

/** `0.038`, `9e-5`; with `~` where it is an estimate. */
export function divergenceText(choice: ChoiceSensitivity | undefined): string {
  if (choice === undefined) return missing;
  const { divergence, measured } = choice;
  const digits = divergence === 0 ? '0' : divergence < 0.001 ? divergence.toExponential(0) : Number(divergence.toPrecision(2)).toString();
  return `${measured ? '' : '~'}${digits.replace('e-', 'e−')}`;
}

export function figureText(layer: LayerSensitivity, choice: ChoiceSensitivity | undefined, figure: SensitivityFigure): string {
  if (figure === 'divergence') return divergenceText(choice);
  const value = figureOf(layer, choice, figure);
  if (value === undefined) return missing;
  return figure === 'cycles cortexM' || figure === 'cycles ethosU' ? savedText(value) : formatBytes(Math.round(value));
}

/** `1,200`; `−340` where a choice takes more. */
export function savedText(cycles: number): string {
  const rounded = Math.round(cycles);
  return rounded < 0 ? `−${formatCount(-rounded)}` : formatCount(Math.abs(rounded));
}

function figureOf(layer: LayerSensitivity, choice: ChoiceSensitivity | undefined, figure: SensitivityFigure): number | undefined {
  switch (figure) {
    case 'divergence':
      return choice?.divergence;
    case 'cycles cortexM':
      return cyclesSaved(layer, choice, 'cortexM');
    case 'cycles ethosU':
      return cyclesSaved(layer, choice, 'ethosU');
    default:
      return choice?.bytes[figure];
  }
}

export function choiceTitle(choice: LayerChoice, translate: Translate): string {
  const { sparsity, clusters, bits, activations } = choice;
  if (activations !== undefined) return translate('int{0} activations', activations);
  if (clusters > 0 && sparsity > 0) return describeChoice(choice);
  if (clusters > 0) return translate('{0} values', clusters);
  if (sparsity > 0) return translate('{0}% zeros', Math.round(sparsity * 100));
  return translate('{0} bits', bits);
}

export function sensitivityColumns(translate: Translate): readonly SensitivityColumn[] {
  const plain = (
    key: string,
    title: string,
    text: (layer: LayerSensitivity) => string,
    order: (layer: LayerSensitivity) => number | string,
  ) => ({
    key,
    title,
    numeric: key !== 'layer' && key !== 'operation',
    choice: undefined,
    text,
    order,
  });
  return [
    plain(
      'layer',
      translate('Layer'),
      ({ layer }) => layer,
      ({ layer }) => layer,
    ),
    plain(
      'operation',
      translate('Operation'),
      ({ operation }) => operation,
      ({ operation }) => operation,
    ),
    plain(
      'weights',
      translate('Weights'),
      ({ elements }) => formatCount(elements),
      ({ elements }) => elements,
    ),
    plain(
      'macs',
      translate('MACs'),
      ({ macs }) => formatCount(macs),
      ({ macs }) => macs,
    ),
    ...singleChoices.map((choice) => ({
      key: describeChoice(choice),
      title: choiceTitle(choice, translate),
      numeric: true,
      choice,
      text: (layer: LayerSensitivity, figure: SensitivityFigure) => figureText(layer, choiceIn(layer, choice), figure),
      order: (layer: LayerSensitivity, figure: SensitivityFigure) => figureOf(layer, choiceIn(layer, choice), figure),
    })),
  ];
}

export interface SensitivityView {
  readonly figure: SensitivityFigure;
  /** Part of a layer's name. */
  readonly filter: string;
  readonly order: Order<string> | undefined;
}

export function sensitivityRows(
  layers: readonly LayerSensitivity[],
  columns: readonly SensitivityColumn[],
  { figure, filter, order }: SensitivityView,
): readonly LayerSensitivity[] {
  const wanted = filter.trim().toLowerCase();
  const found = layers.filter(({ layer }) => layer.toLowerCase().includes(wanted));
  const column = columns.find(({ key }) => key === order?.column);
  if (order === undefined || column === undefined) return found;
  return found.toSorted((a, b) => compareFigures(column.order(a, figure), column.order(b, figure), order.descending));
}

/** Every combination of zeros and values of one layer: a row for each number of values, a column for each part of zeros. */
export function layerMatrix(layer: LayerSensitivity): readonly (readonly (ChoiceSensitivity | undefined)[])[] {
  return dials.clusters.levels.map((clusters) => dials.sparsity.levels.map((sparsity) => choiceIn(layer, { sparsity, clusters, bits: 8 })));
}

/** A line for each choice of each layer, with every figure. */
export function sensitivityCsv(layers: readonly LayerSensitivity[]): string {
  const head = ['layer', 'operation', 'weights', 'macs', 'sparsity', 'clusters', 'bits', 'activation_bits', 'divergence', 'measured'];
  const lines = layers.flatMap((layer) =>
    layer.choices.map((choice) => {
      const { sparsity, clusters, bits, activations, divergence, measured, bytes } = choice;
      const saved = cycleCounts.map((count) => cyclesSaved(layer, choice, count));
      return [
        ...[layer.layer, layer.operation, layer.elements, layer.macs],
        ...[sparsity, clusters, bits, activations ?? '', divergence, String(measured)],
        ...byteCounts.map((count) => Math.round(bytes[count])),
        ...saved.map((cycles) => (cycles === undefined ? '' : Math.round(cycles))),
      ]
        .map(csvCell)
        .join(',');
    }),
  );
  const figures = [...byteCounts.map((count) => `${count}_bytes`), ...cycleCounts.map((count) => `${count}_cycles_saved`)];
  return `${[[...head, ...figures].join(','), ...lines].join('\n')}\n`;
}
