/** Training curves: the chosen series in colour, the others grey. */
import type { CurvePoint } from '../../results.ts';
import { formatCount, formatShare } from '../format.ts';
import { thin } from '../thin.ts';
import type { Translate } from '../translate.ts';
import type { PlotContents, PlotPoint, PlotSeries, SeriesColour } from './plot.ts';

export type CurveQuantity = 'loss' | 'accuracy';

export interface Curve {
  readonly label: string;
  readonly points: readonly CurvePoint[];
  /** Undefined: grey. */
  readonly colour: SeriesColour | undefined;
}

export interface CurvePlot {
  readonly curves: readonly Curve[];
  readonly quantity: CurveQuantity;
  /** 0 as measured, towards 1 smoother. */
  readonly smoothing: number;
  readonly translate: Translate;
}

/** A plot is hardly wider than this many points apart. */
const mostPoints = 250;

export function curvePlot({ curves, quantity, smoothing, translate }: CurvePlot): PlotContents {
  const drawn = curves
    .map((curve) => ({ ...curve, measured: valuesOf(curve.points, quantity) }))
    .filter(({ measured }) => measured.length > 0)
    // Those in colour lie above the others.
    .toSorted((a, b) => Number(a.colour !== undefined) - Number(b.colour !== undefined));
  const series = drawn.flatMap(({ label, colour, measured }): readonly PlotSeries[] => {
    const line: PlotSeries = {
      label,
      points: thin(smooth(measured, smoothing), mostPoints),
      style: 'line',
      colour: colour ?? 'quiet',
      unlisted: colour === undefined,
    };
    // What was measured stays in sight behind a smoothed curve.
    return smoothing > 0 && colour !== undefined
      ? [{ label, points: thin(measured, mostPoints), style: 'faint', colour, unlisted: true }, line]
      : [line];
  });
  const lastStep = Math.max(1, ...drawn.map(({ measured }) => measured.at(-1)?.x ?? 0));
  return {
    series,
    x: { title: translate('step'), minimum: 0, maximum: lastStep, format: formatCount },
    y:
      quantity === 'loss'
        ? { title: translate('loss'), minimum: 0, format: (value) => String(Number(value.toPrecision(3))) }
        : { title: translate('accuracy'), maximum: 1, format: formatShare },
    description: drawn
      .map(({ label, points }) =>
        translate('{0}: loss {1} after {2} steps', label, (points.at(-1)?.loss ?? 0).toFixed(4), points.at(-1)?.step ?? 0),
      )
      .join('; '),
  };
}

function valuesOf(points: readonly CurvePoint[], quantity: CurveQuantity): readonly PlotPoint[] {
  return points.flatMap((point) => {
    const y = quantity === 'loss' ? point.loss : point.accuracy;
    return y === undefined || !Number.isFinite(y) ? [] : [{ x: point.step, y }];
  });
}

/**
 * Exponential moving average, corrected for its start so that the first point stays where it is.
 *
 * @param weight of what came before, in [0, 1)
 * @example smooth([{ x: 0, y: 1 }, { x: 1, y: 0 }], 0.5) // y: 1, then (0.5 · 1 · 0.5) / 0.75 = 1/3
 */
export function smooth(points: readonly PlotPoint[], weight: number): readonly PlotPoint[] {
  if (weight <= 0) return points;
  let average = 0;
  let correction = 1;
  return points.map((point) => {
    average = weight * average + (1 - weight) * point.y;
    correction *= weight;
    return { ...point, y: average / (1 - correction) };
  });
}
