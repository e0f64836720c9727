/** Sizes and addresses are multiples of this. */
const granule = 256;
const firstRegion = 2 ** 20;
/** A chunk that is larger than what is asked for by less than this, and by less than itself, is given whole. */
const largestWaste = 2 ** 27;

interface Chunk {
  readonly start: number;
  readonly size: number;
}

interface Region {
  readonly size: number;
  /** Free chunks by address. */
  free: readonly Chunk[];
  /** The end of the highest chunk that was ever given: memory behind it is not touched, and so takes none. */
  touched: number;
}

/** A chunk that is in use. */
export interface Allocation extends Chunk {
  readonly region: Region;
}

/**
 * How onnxruntime's arena for the processor hands out memory: best fit, with free neighbours joined, in regions each twice
 * as large as the one before, which stay until the session ends. A chunk less than twice as large as what is asked for is
 * given whole, so that more is in use than asked for. See bfc_arena.cc of its sources.
 */
export class Arena {
  readonly #regions: Region[] = [];
  #next = firstRegion;

  /** Of all that was ever used. */
  get touchedBytes(): number {
    return this.#regions.reduce((sum, { touched }) => sum + touched, 0);
  }

  allocate(bytes: number): Allocation {
    const size = Math.max(granule, Math.ceil(bytes / granule) * granule);
    const found = this.#smallestFit(size) ?? this.#extended(size);
    const { region, chunk } = found;
    const splits = chunk.size >= 2 * size || chunk.size - size >= largestWaste;
    const given = splits ? size : chunk.size;
    const rest = { start: chunk.start + given, size: chunk.size - given };
    region.free = region.free.flatMap((each) => (each !== chunk ? [each] : rest.size === 0 ? [] : [rest]));
    region.touched = Math.max(region.touched, chunk.start + Math.min(given, size));
    return { region, start: chunk.start, size: given };
  }

  release({ region, start, size }: Allocation): void {
    const before = region.free.find((chunk) => chunk.start + chunk.size === start);
    const after = region.free.find((chunk) => chunk.start === start + size);
    const joined = { start: before?.start ?? start, size: size + (before?.size ?? 0) + (after?.size ?? 0) };
    region.free = [...region.free.filter((chunk) => chunk !== before && chunk !== after), joined];
  }

  #smallestFit(size: number): { readonly region: Region; readonly chunk: Chunk } | undefined {
    let best: { readonly region: Region; readonly chunk: Chunk } | undefined;
    for (const region of this.#regions)
      for (const chunk of region.free)
        if (
          chunk.size >= size &&
          (best === undefined ||
            chunk.size < best.chunk.size ||
            (region === best.region && chunk.size === best.chunk.size && chunk.start < best.chunk.start))
        )
          best = { region, chunk };
    return best;
  }

  #extended(size: number): { readonly region: Region; readonly chunk: Chunk } {
    let doubled = false;
    while (size > this.#next) {
      this.#next *= 2;
      doubled = true;
    }
    const chunk = { start: 0, size: this.#next };
    const region: Region = { size: this.#next, free: [chunk], touched: 0 };
    if (!doubled) this.#next *= 2;
    this.#regions.push(region);
    return { region, chunk };
  }
}
