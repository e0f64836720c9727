/**
 * An assembler for loops in WebAssembly with SIMD. They take a fraction of their time in JavaScript, and give the same bits
 * on every machine.
 * Every Node and Electron that is supported has SIMD.
 */

/** Numbers of WebAssembly's binary format (WebAssembly Core Specification 2.0, sections 5.3 to 5.5). */
const type = { i32: 0x7f, v128: 0x7b, function: 0x60, empty: 0x40 } as const;
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const loop = 0x03;
const end = 0x0b;
const branchIf = 0x0d;
const get = 0x20;
const set = 0x21;

/** Instructions on 32-bit integers. */
export const int = { load: 0x28, store: 0x36, constant: 0x41, lessThan: 0x48, add: 0x6a, multiply: 0x6c } as const;

const simd = (code: number): readonly number[] => [0xfd, ...unsigned(code)];

/** Instructions on 16 bytes, named by the lanes that they work on. */
export const vector = {
  load: simd(0x00),
  loadFloatSplat: simd(0x09),
  loadDoubleSplat: simd(0x0a),
  store: simd(0x0b),
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)],
  firstInt: [...simd(0x1b), 0],
  bytesOfWords: simd(0x66),
  lowWords: simd(0x89),
  highWords: simd(0x8a),
  wordsOfInts: simd(0x86),
  lowInts: simd(0xa9),
  highInts: simd(0xaa),
  floatsOfInts: simd(0xfb),
  nearestFloats: simd(0x6a),
  addFloats: simd(0xe4),
  multiplyFloats: simd(0xe6),
  intsOfFloats: simd(0xf9),
  addDoubles: simd(0xf0),
  subtractDoubles: simd(0xf1),
  multiplyDoubles: simd(0xf2),
} as const;

export type Code = number | readonly Code[];

/** LEB128. Constants in code are signed: those below 64, the only ones used, are encoded alike. */
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

/** The offset of a load or store, in bytes. Alignment is a hint, and 0 promises none. */
export function at(offset: number): Code {
  return [0, ...unsigned(offset)];
}

/** Reads and writes of a function's variables. */
export interface Locals<Name extends string, Int extends string> {
  get(name: Name): Code;
  set(name: Name, value: Code): Code;
  increase(name: Int, by: Code): Code;
}

export interface WasmFunction {
  readonly parameters: number;
  readonly body: Code;
}

/**
 * A function without a result. Its locals by name: its parameters, all i32, then further i32, then v128.
 *
 * @example wasmFunction(['into', 'count'], ['i'], [], (local) => repeat(local.increase('i', [int.constant, 1]), …))
 */
export function wasmFunction<P extends string, I extends string, V extends string>(
  parameters: readonly P[],
  ints: readonly I[],
  vectors: readonly V[],
  body: (local: Locals<P | I | V, P | I>) => Code,
): WasmFunction {
  const names: readonly (P | I | V)[] = [...parameters, ...ints, ...vectors];
  const read = (name: P | I | V): Code => [get, names.indexOf(name)];
  const write = (name: P | I | V, value: Code): Code => [value, set, names.indexOf(name)];
  const code = body({ get: read, set: write, increase: (name, by) => write(name, [read(name), by, int.add]) });
  const locals = counted([
    [ints.length, type.i32],
    [vectors.length, type.v128],
  ]);
  return { parameters: parameters.length, body: sized([locals, code, end]) };
}

/** At least once, then as long as the condition holds. */
export function repeat(body: Code, condition: Code): Code {
  return [loop, type.empty, body, condition, branchIf, 0, end];
}

/** Calls a function of a module. Parameters are addresses and lengths in bytes, but for counts. */
export type CallWasm<Name extends string> = (name: Name, ...parameters: readonly number[]) => void;

/** @returns instantiates the module of the functions on a memory */
export function wasmModule<Name extends string>(
  functions: Readonly<Record<Name, WasmFunction>>,
): (memory: WebAssembly.Memory) => CallWasm<Name> {
  const entries = Object.entries<WasmFunction>(functions);
  const code = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [
      section.type,
      sized(counted(entries.map(([, { parameters }]) => [type.function, counted(new Array<number>(parameters).fill(type.i32)), 0]))),
    ],
    [section.import, sized(counted([[named('m'), named('m'), 2, 0, 1]]))],
    [section.function, sized(counted(entries.map((_, i) => i)))],
    [section.export, sized(counted(entries.map(([name], i) => [named(name), 0, i])))],
    [section.code, sized(counted(entries.map(([, { body }]) => body)))],
  ];
  const module = new WebAssembly.Module(Uint8Array.from(assembled(code)));
  return (memory) => {
    const { exports } = new WebAssembly.Instance(module, { m: { m: memory } });
    return (name, ...parameters) => {
      const { [name]: run } = exports;
      if (typeof run === 'function') run(...parameters);
    };
  };
}

/** Of WebAssembly's memory. */
export const pageBytes = 65536;
