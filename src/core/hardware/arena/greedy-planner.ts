/** A buffer to place: in use from the first to the last step, both included. */
export interface BufferRequest {
  readonly bytes: number;
  readonly firstStep: number;
  readonly lastStep: number;
  /** An offset that the file prescribes. */
  readonly fixedOffset?: number | undefined;
}

interface PlacedBuffer {
  readonly request: BufferRequest;
  readonly offset: number;
}

/**
 * Offsets of buffers in memory as TFLite Micro's greedy planner chooses them: prescribed ones first, then from the largest to the smallest
 * (of the same size, the one listed last goes first), each at the lowest gap between the buffers that are in use at the same time.
 * Source: tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc at 90b983c.
 *
 * @returns an offset for each request, in the order of the requests
 */
export function planGreedily(requests: readonly BufferRequest[]): readonly number[] {
  const offsets = new Array<number>(requests.length).fill(0);
  // By offset; a buffer at the same offset as another stands behind it.
  const placed: PlacedBuffer[] = [];
  for (const index of placementOrder(requests)) {
    const request = requests[index];
    if (request === undefined) continue;
    const offset = request.fixedOffset ?? lowestGap(request, placed);
    offsets[index] = offset;
    const next = placed.findIndex((other) => other.offset > offset);
    placed.splice(next < 0 ? placed.length : next, 0, { request, offset });
  }
  return offsets;
}

function placementOrder(requests: readonly BufferRequest[]): readonly number[] {
  const isFixed = (index: number): boolean => requests[index]?.fixedOffset !== undefined;
  const bytes = (index: number): number => requests[index]?.bytes ?? 0;
  const indices = requests.map((_, index) => index);
  return [
    ...indices.filter(isFixed),
    ...indices
      .filter((index) => !isFixed(index))
      .reverse()
      .sort((a, b) => bytes(b) - bytes(a)),
  ];
}

function lowestGap(request: BufferRequest, placed: readonly PlacedBuffer[]): number {
  let offset = 0;
  for (const other of placed) {
    if (other.request.firstStep > request.lastStep || request.firstStep > other.request.lastStep) continue;
    if (other.offset - offset >= request.bytes) break;
    offset = Math.max(offset, other.offset + other.request.bytes);
  }
  return offset;
}
