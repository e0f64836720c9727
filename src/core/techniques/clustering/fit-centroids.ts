import { channelLayout } from '../../constraints/channels.ts';
import { sortCodebook, unitLookup } from '../../constraints/codebook.ts';
import type { Codebook } from '../../constraints/constraint.ts';
import type { LeastSquares } from '../reconstruction/normal-equations.ts';

/** A ridge term towards the centroids before, as a share of the mean of the diagonal. */
const damping = 1e-3;

/**
 * The centroids that minimize the squared error of a layer's outputs for given assignments: the least squares of
 * `LeastSquares` over filters `v_i = u c_a(i)`, where a(i) is the centroid of weight i and u the filter's unit. That
 * is a small linear system in the centroids:
 *
 *     A c = s,   A_kl = sum over filters of u^2 sum over i in k, j in l of gram_ij,   s_k = sum over filters of u sum over i in k of targets_i
 *
 * A pinned zero stays zero. Centroids that are integers stay as they are.
 *
 * @param members of each weight, an index into the centroids
 * @param shape of the kernel, filters first
 */
export function fitCentroids(codebook: Codebook, members: Uint32Array, shape: readonly number[], equations: LeastSquares): Codebook {
  if (codebook.integers === true) return codebook;
  const { clusters, centroids, zeroPinned } = codebook;
  const length = Math.sqrt(equations.gram.length);
  const { channels, channelOf } = channelLayout(shape, codebook.granularity);
  const unitAt = unitLookup(codebook.units, shape);
  const systems = Array.from({ length: channels }, () => new CentroidSystem(clusters, length));
  for (let row = 0; row < members.length; row += length) {
    const channel = channelOf(row);
    const own = members.subarray(row, row + length).map((member) => member - channel * clusters);
    systems[channel]?.add(own, unitAt(row), equations.gram, equations.targets.subarray(row, row + length));
  }
  const fitted = centroids.slice();
  systems.forEach((system, channel) => {
    const start = centroids.subarray(channel * clusters, (channel + 1) * clusters);
    fitted.set(system.solve(start, zeroPinned), channel * clusters);
  });
  return fitted.every(Number.isFinite) ? sortCodebook({ ...codebook, centroids: fitted }) : codebook;
}

/** The normal equations of the centroids of one codebook. */
class CentroidSystem {
  readonly #clusters: number;
  readonly #matrix: Float64Array;
  readonly #side: Float64Array;
  readonly #row: Float64Array;

  constructor(clusters: number, length: number) {
    this.#clusters = clusters;
    this.#matrix = new Float64Array(clusters ** 2);
    this.#side = new Float64Array(clusters);
    this.#row = new Float64Array(length);
  }

  /** A filter: the centroid of each of its weights, all times `unit`. */
  add(members: Uint32Array, unit: number, gram: Float32Array, targets: Float32Array): void {
    const { length } = members;
    const clusters = this.#clusters;
    const matrix = this.#matrix;
    const places = Array.from({ length: clusters }, (): number[] => []);
    for (let i = 0; i < length; i++) {
      const member = members[i] ?? 0;
      places[member]?.push(i);
      this.#side[member] = (this.#side[member] ?? 0) + unit * (targets[i] ?? 0);
    }
    // Rows of the moments summed by centroid first, then their columns.
    places.forEach((own, centroid) => {
      if (own.length === 0) return;
      const row = this.#row.fill(0);
      addRows(row, gram, own);
      const begin = centroid * clusters;
      for (let j = 0; j < length; j++) {
        const at = begin + (members[j] ?? 0);
        matrix[at] = (matrix[at] ?? 0) + unit ** 2 * (row[j] ?? 0);
      }
    });
  }

  /** Gauss-Seidel from `start`: the matrix is small, symmetric and, with what is added, positive definite. */
  solve(start: Float32Array, zeroPinned: boolean): Float64Array {
    const count = this.#clusters;
    const solution = Float64Array.from(start);
    let trace = 0;
    for (let i = 0; i < count; i++) trace += this.#matrix[i * (count + 1)] ?? 0;
    if (!(trace > 0)) return solution;
    const added = (damping * trace) / count;
    let change = Infinity;
    for (let sweep = 0; sweep < mostSweeps && change > enough; sweep++) {
      change = 0;
      for (let i = 0; i < count; i++) {
        const before = solution[i] ?? 0;
        if (zeroPinned && start[i] === 0) continue;
        let rest = (this.#side[i] ?? 0) + added * (start[i] ?? 0);
        for (let j = 0; j < count; j++) if (j !== i) rest -= (this.#matrix[i * count + j] ?? 0) * (solution[j] ?? 0);
        const value = rest / ((this.#matrix[i * (count + 1)] ?? 0) + added);
        solution[i] = value;
        change = Math.max(change, Math.abs(value - before));
      }
    }
    return solution;
  }
}

/** `sum += rows of the matrix at these places`, one after the other; several at a time, so that a sum is loaded once for them. */
function addRows(sum: Float64Array, matrix: Float32Array, places: readonly number[]): void {
  const { length } = sum;
  let index = 0;
  for (; index + 4 <= places.length; index += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((next) => (places[index + next] ?? 0) * length);
    addFour(sum, matrix, a ?? 0, b ?? 0, c ?? 0, d ?? 0);
  }
  for (; index < places.length; index++) {
    const begin = (places[index] ?? 0) * length;
    for (let j = 0; j < length; j++) sum[j] = (sum[j] ?? 0) + (matrix[begin + j] ?? 0);
  }
}

function addFour(sum: Float64Array, matrix: Float32Array, a: number, b: number, c: number, d: number): void {
  for (let j = 0; j < sum.length; j++)
    sum[j] = (sum[j] ?? 0) + (matrix[a + j] ?? 0) + (matrix[b + j] ?? 0) + (matrix[c + j] ?? 0) + (matrix[d + j] ?? 0);
}

const mostSweeps = 1000;
/** Below what single precision shows in a centroid of 0.01. */
const enough = 1e-10;
