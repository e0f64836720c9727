/** The heat map of a model's sensitivity, layer by choice: columns, their order, and how strong a cell's colour is. */
import { describeChoice, dials, type LayerChoice, sameChoice, singleChoices } from '../layer-choices.ts';
import type { ByteCount, ChoiceSensitivity, LayerSensitivity } from '../sensitivity.ts';
import { csvCell } from '../csv-cell.ts';
import { formatBytes, formatCount, missing } from './format.ts';
import { compareFigures, type Order } from './sorting.ts';
import type { Translate } from './translate.ts';

/** What the cells say: the change of the output, or the bytes of the kernel by one way to count. */
export type SensitivityFigure = 'divergence' | ByteCount;

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

export function figureText(choice: ChoiceSensitivity | undefined, figure: SensitivityFigure): string {
  if (figure === 'divergence') return divergenceText(choice);
  return choice === undefined ? missing : formatBytes(Math.round(choice.bytes[figure]));
}

export function choiceTitle(choice: LayerChoice, translate: Translate): string {
  const { sparsity, clusters, bits } = choice;
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
  const figureOf = (choice: ChoiceSensitivity | undefined, figure: SensitivityFigure): number | undefined =>
    choice && (figure === 'divergence' ? choice.divergence : choice.bytes[figure]);
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
      text: (layer: LayerSensitivity, figure: SensitivityFigure) => figureText(choiceIn(layer, choice), figure),
      order: (layer: LayerSensitivity, figure: SensitivityFigure) => figureOf(choiceIn(layer, choice), figure),
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
  const head = ['layer', 'operation', 'weights', 'macs', 'sparsity', 'clusters', 'bits', 'divergence', 'measured'];
  const counts = ['raw', 'gzip', 'packed', 'ethosU'] as const;
  const lines = layers.flatMap(({ layer, operation, elements, macs, choices }) =>
    choices.map(({ sparsity, clusters, bits, divergence, measured, bytes }) =>
      [layer, operation, elements, macs, sparsity, clusters, bits, divergence, measured, ...counts.map((count) => Math.round(bytes[count]))]
        .map((value) => csvCell(typeof value === 'boolean' ? String(value) : value))
        .join(','),
    ),
  );
  return `${[[...head, ...counts.map((count) => `${count}_bytes`)].join(','), ...lines].join('\n')}\n`;
}
