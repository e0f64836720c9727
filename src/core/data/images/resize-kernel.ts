/** The two loops of resizing as WebAssembly. */
import { at, type CallWasm, int, pageBytes, repeat, vector, wasmFunction, wasmModule } from '../../web-assembly.ts';

/** `into[x] = sum of weights[t] * from[t * stride + x]`, 16 bytes at a time. */
const weightedRows = wasmFunction(
  ['from', 'stride', 'taps', 'weights', 'into'],
  ['x', 'at', 'weight', 'tap'],
  ['bytes', 'scale', 'a', 'b', 'c', 'd'],
  (local) => {
    const quarters = [
      ['a', vector.lowWords, vector.lowInts],
      ['b', vector.lowWords, vector.highInts],
      ['c', vector.highWords, vector.lowInts],
      ['d', vector.highWords, vector.highInts],
    ] as const;
    return repeat(
      [
        quarters.map(([sum]) => local.set(sum, vector.zero)),
        local.set('at', [local.get('from'), local.get('x'), int.add]),
        local.set('weight', local.get('weights')),
        local.set('tap', [int.constant, 0]),
        repeat(
          [
            local.set('bytes', [local.get('at'), vector.load, at(0)]),
            local.set('scale', [local.get('weight'), vector.loadFloatSplat, at(0)]),
            quarters.map(([sum, words, ints]) =>
              local.set(sum, [
                local.get(sum),
                [local.get('bytes'), words, ints, vector.floatsOfInts],
                local.get('scale'),
                vector.multiplyFloats,
                vector.addFloats,
              ]),
            ),
            local.increase('at', local.get('stride')),
            local.increase('weight', [int.constant, 4]),
            local.increase('tap', [int.constant, 1]),
          ],
          [local.get('tap'), local.get('taps'), int.lessThan],
        ),
        quarters.map(([sum], i) => [
          [local.get('into'), local.get('x'), [int.constant, 4], int.multiply, int.add],
          local.get(sum),
          vector.store,
          at(16 * i),
        ]),
        local.increase('x', [int.constant, 16]),
      ],
      [local.get('x'), local.get('stride'), int.lessThan],
    );
  },
);

/**
 * Of four channels of each pixel of a row of floats, the weighted mean of its taps as bytes. `taps` has first pixel and count for
 * each, `weights` `longest` bytes. Where a pixel has fewer channels, the next one overwrites what is too much.
 */
const weightedColumns = wasmFunction(
  ['from', 'channels', 'taps', 'weights', 'longest', 'into', 'width'],
  ['x', 'at', 'weight', 'tap'],
  ['sum'],
  (local) => {
    const tapAt = [local.get('taps'), local.get('x'), [int.constant, 8], int.multiply, int.add];
    return repeat(
      [
        local.set('sum', vector.zero),
        local.set('at', [
          local.get('from'),
          [tapAt, int.load, at(0)],
          local.get('channels'),
          int.multiply,
          [int.constant, 4],
          int.multiply,
          int.add,
        ]),
        local.set('weight', local.get('weights')),
        local.set('tap', [int.constant, 0]),
        repeat(
          [
            local.set('sum', [
              local.get('sum'),
              [local.get('at'), vector.load, at(0)],
              [local.get('weight'), vector.loadFloatSplat, at(0)],
              vector.multiplyFloats,
              vector.addFloats,
            ]),
            local.increase('at', [local.get('channels'), [int.constant, 4], int.multiply]),
            local.increase('weight', [int.constant, 4]),
            local.increase('tap', [int.constant, 1]),
          ],
          [local.get('tap'), [tapAt, int.load, at(4)], int.lessThan],
        ),
        local.set('sum', [local.get('sum'), vector.nearestFloats, vector.intsOfFloats]),
        local.set('sum', [local.get('sum'), local.get('sum'), vector.wordsOfInts]),
        [local.get('into'), [local.get('sum'), local.get('sum'), vector.bytesOfWords, vector.firstInt], int.store, at(0)],
        local.set('into', [local.get('into'), local.get('channels'), int.add]),
        local.set('weights', [local.get('weights'), local.get('longest'), int.add]),
        local.increase('x', [int.constant, 1]),
      ],
      [local.get('x'), local.get('width'), int.lessThan],
    );
  },
);

const functions = wasmModule({ weightedRows, weightedColumns });

export interface ResizeKernel {
  readonly memory: WebAssembly.Memory;
  readonly call: CallWasm<'weightedRows' | 'weightedColumns'>;
}

let loaded: ResizeKernel | undefined;

/** @param bytes that its memory has to hold; it never shrinks */
export function resizeKernel(bytes: number): ResizeKernel {
  const kernel = (loaded ??= load());
  const { memory } = kernel;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  return kernel;
}

function load(): ResizeKernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return { memory, call: functions(memory) };
}
