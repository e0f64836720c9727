import type { LayerChoice } from '../../shared/layer-choices.ts';
import type { Bytes } from '../../shared/sensitivity.ts';
import { bytesBetween, geometric } from './interpolation.ts';

/** What is known of a choice before outputs are compared. */
export interface FitFigures {
  readonly choice: LayerChoice;
  /** Squared error of the layer's outputs, or of its weights. */
  readonly error: number;
  readonly bytes: Bytes;
}

/**
 * Figures of a choice from those of its four neighbours among choices with more and fewer zeros and values: bytes linearly
 * in the part of zeros and in the bits of a value, errors as a power.
 *
 * @param fits choices of 8 bits: every pair of some levels of zeros and of values, the ends of both among them
 */
export function betweenFits(choice: LayerChoice, fits: readonly FitFigures[]): FitFigures | undefined {
  const grid = fits.filter((fit) => fit.choice.bits === choice.bits);
  const zeros = bracket(
    choice.sparsity,
    grid.map((fit) => fit.choice.sparsity),
  );
  const values = bracket(
    valueBits(choice.clusters),
    grid.map((fit) => valueBits(fit.choice.clusters)),
  );
  if (zeros === undefined || values === undefined) return undefined;
  const at = (sparsity: number, bits: number): FitFigures | undefined =>
    grid.find((fit) => fit.choice.sparsity === sparsity && valueBits(fit.choice.clusters) === bits);
  const rows = [values.low, values.high].map((bits) => mixed(choice, at(zeros.low, bits), at(zeros.high, bits), zeros.part));
  return mixed(choice, rows[0], rows[1], values.part);
}

/** Of int8 weights of any value 8. */
function valueBits(clusters: number): number {
  return clusters === 0 ? 8 : Math.log2(clusters);
}

interface Bracket {
  readonly low: number;
  readonly high: number;
  /** Of the way from low to high. */
  readonly part: number;
}

function bracket(value: number, levels: readonly number[]): Bracket | undefined {
  const low = Math.max(...levels.filter((level) => level <= value));
  const high = Math.min(...levels.filter((level) => level >= value));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return undefined;
  return { low, high, part: high === low ? 0 : (value - low) / (high - low) };
}

function mixed(choice: LayerChoice, low: FitFigures | undefined, high: FitFigures | undefined, part: number): FitFigures | undefined {
  if (low === undefined || high === undefined) return undefined;
  return { choice, error: geometric(low.error, high.error, part), bytes: bytesBetween(low.bytes, high.bytes, part) };
}
