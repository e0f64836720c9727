/**
 * The two loops of resizing as WebAssembly with SIMD, assembled here: a tenth of their time in JavaScript, and the same bits on
 * every machine. Every Node and Electron that is supported has SIMD.
 */

/** Numbers of WebAssembly's binary format (WebAssembly Core Specification 2.0, sections 5.3 to 5.5). */
const type = { i32: 0x7f, v128: 0x7b, function: 0x60, empty: 0x40 } as const;
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const loop = 0x03;
const end = 0x0b;
const branchIf = 0x0d;
const get = 0x20;
const set = 0x21;
const storeInt = 0x36;
const int = 0x41;
const lessThan = 0x48;
const add = 0x6a;
const multiply = 0x6c;
const loadInt = 0x28;
const simd = (code: number): readonly number[] => [0xfd, ...unsigned(code)];
const vector = {
  load: simd(0x00),
  loadSplat: simd(0x09),
  store: simd(0x0b),
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  firstInt: [...simd(0x1b), 0],
  bytesOfWords: simd(0x66),
  lowWords: simd(0x89),
  highWords: simd(0x8a),
  wordsOfInts: simd(0x86),
  lowInts: simd(0xa9),
  highInts: simd(0xaa),
  floats: simd(0xfb),
  nearest: simd(0x6a),
  add: simd(0xe4),
  multiply: simd(0xe6),
  ints: simd(0xf9),
} as const;

type Code = number | readonly Code[];

/** LEB128; constants of code, which are signed, are below 64 here and so the same. */
function unsigned(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function assembled(code: Code): readonly number[] {
  return typeof code === 'number' ? [code] : code.flatMap(assembled);
}

function counted(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items];
}

function sized(code: Code): Code {
  return counted(assembled(code));
}

function named(text: string): Code {
  return counted([...Buffer.from(text)]);
}

/** Alignment is a hint, and 0 promises none. */
function at(offset: number): Code {
  return [0, ...unsigned(offset)];
}

/** A function's locals by name: its parameters, all i32, then further i32, then v128. */
function functionOf<P extends string, I extends string, V extends string>(
  parameters: readonly P[],
  ints: readonly I[],
  vectors: readonly V[],
  body: (local: {
    get: (name: P | I | V) => Code;
    set: (name: P | I | V, value: Code) => Code;
    increase: (name: I, by: Code) => Code;
  }) => Code,
): Code {
  const names: readonly (P | I | V)[] = [...parameters, ...ints, ...vectors];
  const read = (name: P | I | V): Code => [get, names.indexOf(name)];
  const write = (name: P | I | V, value: Code): Code => [value, set, names.indexOf(name)];
  return sized([
    counted([
      [ints.length, type.i32],
      [vectors.length, type.v128],
    ]),
    body({ get: read, set: write, increase: (name, by) => write(name, [read(name), by, add]) }),
    end,
  ]);
}

/** At least once, then as long as the condition holds. */
function repeat(body: Code, condition: Code): Code {
  return [loop, type.empty, body, condition, branchIf, 0, end];
}

const rowParameters = ['from', 'stride', 'taps', 'weights', 'into'] as const;

/** `into[x] = sum of weights[t] * from[t * stride + x]`, 16 bytes at a time. */
const weightedRows = functionOf(rowParameters, ['x', 'at', 'weight', 'tap'], ['bytes', 'scale', 'a', 'b', 'c', 'd'], (local) => {
  const quarters = [
    ['a', vector.lowWords, vector.lowInts],
    ['b', vector.lowWords, vector.highInts],
    ['c', vector.highWords, vector.lowInts],
    ['d', vector.highWords, vector.highInts],
  ] as const;
  return repeat(
    [
      quarters.map(([sum]) => local.set(sum, vector.zero)),
      local.set('at', [local.get('from'), local.get('x'), add]),
      local.set('weight', local.get('weights')),
      local.set('tap', [int, 0]),
      repeat(
        [
          local.set('bytes', [local.get('at'), vector.load, at(0)]),
          local.set('scale', [local.get('weight'), vector.loadSplat, at(0)]),
          quarters.map(([sum, words, ints]) =>
            local.set(sum, [
              local.get(sum),
              [local.get('bytes'), words, ints, vector.floats],
              local.get('scale'),
              vector.multiply,
              vector.add,
            ]),
          ),
          local.increase('at', local.get('stride')),
          local.increase('weight', [int, 4]),
          local.increase('tap', [int, 1]),
        ],
        [local.get('tap'), local.get('taps'), lessThan],
      ),
      quarters.map(([sum], i) => [[local.get('into'), local.get('x'), [int, 4], multiply, add], local.get(sum), vector.store, at(16 * i)]),
      local.increase('x', [int, 16]),
    ],
    [local.get('x'), local.get('stride'), lessThan],
  );
});

const columnParameters = ['from', 'channels', 'taps', 'weights', 'longest', 'into', 'width'] as const;

/**
 * Of four channels of each pixel of a row of floats, the weighted mean of its taps as bytes. `taps` has first pixel and count for
 * each, `weights` `longest` bytes. Where a pixel has fewer channels, the next one overwrites what is too much.
 */
const weightedColumns = functionOf(columnParameters, ['x', 'at', 'weight', 'tap'], ['sum'], (local) => {
  const tapAt = [local.get('taps'), local.get('x'), [int, 8], multiply, add];
  return repeat(
    [
      local.set('sum', vector.zero),
      local.set('at', [local.get('from'), [tapAt, loadInt, at(0)], local.get('channels'), multiply, [int, 4], multiply, add]),
      local.set('weight', local.get('weights')),
      local.set('tap', [int, 0]),
      repeat(
        [
          local.set('sum', [
            local.get('sum'),
            [local.get('at'), vector.load, at(0)],
            [local.get('weight'), vector.loadSplat, at(0)],
            vector.multiply,
            vector.add,
          ]),
          local.increase('at', [local.get('channels'), [int, 4], multiply]),
          local.increase('weight', [int, 4]),
          local.increase('tap', [int, 1]),
        ],
        [local.get('tap'), [tapAt, loadInt, at(4)], lessThan],
      ),
      local.set('sum', [local.get('sum'), vector.nearest, vector.ints]),
      local.set('sum', [local.get('sum'), local.get('sum'), vector.wordsOfInts]),
      [local.get('into'), [local.get('sum'), local.get('sum'), vector.bytesOfWords, vector.firstInt], storeInt, at(0)],
      local.set('into', [local.get('into'), local.get('channels'), add]),
      local.set('weights', [local.get('weights'), local.get('longest'), add]),
      local.increase('x', [int, 1]),
    ],
    [local.get('x'), local.get('width'), lessThan],
  );
});

const functions = [
  ['weightedRows', rowParameters, weightedRows],
  ['weightedColumns', columnParameters, weightedColumns],
] as const;

const moduleCode = [
  [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  [section.type, sized(counted(functions.map(([, parameters]) => [type.function, counted(parameters.map(() => type.i32)), 0])))],
  [section.import, sized(counted([[named('m'), named('m'), 2, 0, 1]]))],
  [section.function, sized(counted(functions.map((_, i) => i)))],
  [section.export, sized(counted(functions.map(([name], i) => [named(name), 0, i])))],
  [section.code, sized(counted(functions.map(([, , body]) => body)))],
];

export interface ResizeKernel {
  readonly memory: WebAssembly.Memory;
  /** Parameters are addresses and lengths in bytes, but for counts. */
  call(name: (typeof functions)[number][0], ...parameters: readonly number[]): void;
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

const pageBytes = 65536;

function load(): ResizeKernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(assembled(moduleCode))), { m: { m: memory } });
  return {
    memory,
    call: (name, ...parameters) => {
      const { [name]: run } = exports;
      if (typeof run === 'function') run(...parameters);
    },
  };
}
