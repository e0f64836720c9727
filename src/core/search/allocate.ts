/** One setting of a layer. */
export interface LayerOption {
  /** At least 0; need not be whole. */
  readonly bytes: number;
  /** At least 0, and added over layers. */
  readonly loss: number;
}

/** Steps that a budget is divided into, at most: the rounding of bytes. */
const finestSteps = 2 ** 15;

/**
 * The setting of each layer that loses least within a budget: the multiple-choice knapsack problem
 *
 *     minimize over c:  sum over layers l of loss(l, c_l)   subject to   sum over layers l of bytes(l, c_l) <= budget
 *
 * by dynamic programming over bytes b. With f_0(b) = 0,
 *
 *     f_l(b) = min over c of f_(l-1)(b - bytes(l, c)) + loss(l, c)
 *
 * and the choices are read back from f_L(budget). It is exact but for the rounding of bytes, upwards, to a 32,768th of the
 * budget (to whole bytes where that is less), so the budget is always kept. Time: layers x settings x 32,768. Kellerer, Pferschy &
 * Pisinger 2004, Knapsack Problems, section 11.5. That losses of layers add up is an approximation, for small changes.
 *
 * @param layers at least one setting each
 * @param mostSteps fewer round more and take less time
 * @returns the index of each layer's setting; undefined where the smallest settings do not fit
 * @example allocate([[{ bytes: 9, loss: 0 }, { bytes: 5, loss: 1 }], [{ bytes: 9, loss: 0 }, { bytes: 5, loss: 3 }]], 14) // [1, 0]
 */
export function allocate(
  layers: readonly (readonly LayerOption[])[],
  budget: number,
  mostSteps = finestSteps,
): readonly number[] | undefined {
  if (!(budget >= 0)) return undefined;
  const unit = Math.max(1, Math.ceil(budget / mostSteps));
  const steps = Math.floor(budget / unit);
  let best = new Float64Array(steps + 1);
  const chosen: Int16Array[] = [];
  for (const options of layers) {
    const next = new Float64Array(steps + 1).fill(Infinity);
    const choices = new Int16Array(steps + 1).fill(-1);
    for (const { option, index } of undominated(options)) {
      const size = Math.ceil(option.bytes / unit - 1e-9);
      for (let b = size; b <= steps; b++) {
        const loss = (best[b - size] ?? Infinity) + option.loss;
        if (loss >= (next[b] ?? 0)) continue;
        next[b] = loss;
        choices[b] = index;
      }
    }
    chosen.push(choices);
    best = next;
  }
  if (best[steps] === Infinity) return undefined;
  let left = steps;
  const found = new Array<number>(layers.length);
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const index = chosen[layer]?.[left] ?? -1;
    found[layer] = index;
    left -= Math.ceil((layers[layer]?.[index]?.bytes ?? 0) / unit - 1e-9);
  }
  return found;
}

/** Settings that no other beats in bytes and loss, the smallest first; of equal ones the first. */
function undominated(options: readonly LayerOption[]): readonly { readonly option: LayerOption; readonly index: number }[] {
  const ordered = options
    .map((option, index) => ({ option, index }))
    .filter(({ option }) => Number.isFinite(option.loss) && option.bytes >= 0)
    .sort((a, b) => a.option.bytes - b.option.bytes || a.option.loss - b.option.loss || a.index - b.index);
  let least = Infinity;
  return ordered.filter(({ option }) => {
    if (option.loss >= least) return false;
    least = option.loss;
    return true;
  });
}

/** Bytes of the smallest settings together. */
export function leastBytes(layers: readonly (readonly LayerOption[])[]): number {
  return layers.reduce((sum, options) => sum + Math.min(...options.map(({ bytes }) => bytes)), 0);
}
