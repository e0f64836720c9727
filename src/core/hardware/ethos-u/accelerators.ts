/**
 * The Ethos-U configurations as numbers: `architecture_features.py` and `npu_performance.py` of nxp-imx/ethos-u-vela (Vela 3.10).
 */
export const ethosUNames = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256', 'ethos-u65-256', 'ethos-u65-512'] as const;
export type EthosUName = (typeof ethosUNames)[number];

/** Rows, columns and channels. */
export interface Volume {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
}

export interface Accelerator {
  readonly name: EthosUName;
  readonly cores: number;
  /** Multiply-accumulates of all cores in a cycle. */
  readonly macsPerCycle: number;
  /** Outputs that are computed at once. */
  readonly outputUnit: Volume;
  /** Inputs are read in multiples of this. */
  readonly inputUnit: Volume;
  readonly buffer: SharedBuffer;
  readonly outputCycles: OutputCycles;
  /** Cycles an element that an activation takes at least. */
  readonly activationCycles: { readonly table: number; readonly relu: number };
  readonly memory: MemorySystem;
}

/** The memory inside the NPU, in banks of 1 KiB: inputs and sums of two blocks, outputs, tables. */
export interface SharedBuffer {
  readonly banks: number;
  /** Banks that tables have for themselves; where there are none, a table takes two from the others. */
  readonly tableBanks: number;
  /** Multiples of banks that are given to inputs by their bits, to inputs of elementwise operations, and to sums. */
  readonly inputGranule: Readonly<Record<8 | 16 | 32, number>>;
  readonly elementwiseGranule: Readonly<Record<8 | 16 | 32, number>>;
  readonly sumGranule: Readonly<Record<32 | 40, number>>;
}

/** Cycles an output element, by what computes it. */
export interface OutputCycles {
  readonly binary32: number;
  readonly unary32: number;
  readonly multiply32: number;
  /** Products of elements, and everything with sums of 40 bits. */
  readonly multiply: number;
  readonly add: number;
  readonly maximum: number;
  readonly other: number;
}

export type MemoryName = 'sram' | 'dram';

export interface Memory {
  readonly bytesPerCycle: number;
  readonly burstBytes: number;
  readonly readLatency: number;
  readonly writeLatency: number;
}

/** Clock and memories beside the NPU. */
export interface MemorySystem {
  readonly clockHertz: number;
  readonly sram: Memory;
  readonly dram: Memory;
  /** Where inputs and outputs of the network are; what is between them is in SRAM as far as it fits. */
  readonly interfaceMemory: MemoryName;
  readonly sramBytes: number;
}

/** What Vela 3.10 of the public snapshot assumes where it is given no configuration: an i.MX 93 at 1 GHz. */
function memorySystem(busBytes: number, interfaceMemory: MemoryName): MemorySystem {
  return {
    clockHertz: 1e9,
    sram: { bytesPerCycle: busBytes, burstBytes: 32, readLatency: 32, writeLatency: 32 },
    dram: { bytesPerCycle: busBytes * 0.234375, burstBytes: 128, readLatency: 500, writeLatency: 250 },
    interfaceMemory,
    sramBytes: 384 * 1024,
  };
}

const u55Memory = memorySystem(8, 'sram');
const u65Memory = memorySystem(16, 'dram');

const large = {
  outputUnit: { height: 2, width: 2, depth: 8 },
  inputUnit: { height: 2, width: 2, depth: 8 },
  buffer: {
    banks: 48,
    tableBanks: 2,
    inputGranule: { 8: 8, 16: 8, 32: 16 },
    elementwiseGranule: { 8: 8, 16: 8, 32: 16 },
    sumGranule: { 32: 16, 40: 20 },
  },
} as const;

const small = {
  banks: 16,
  tableBanks: 0,
  inputGranule: { 8: 2, 16: 2, 32: 4 },
  elementwiseGranule: { 8: 2, 16: 2, 32: 4 },
} as const;

const large256 = {
  ...large,
  cores: 1,
  macsPerCycle: 256,
  outputCycles: { binary32: 0.625, unary32: 1.125, multiply32: 0.5, multiply: 0.375, add: 0.75, maximum: 0.125, other: 0.25 },
  activationCycles: { table: 1, relu: 0.25 },
} as const;

const accelerators: Readonly<Record<EthosUName, Omit<Accelerator, 'name'>>> = {
  'ethos-u55-32': {
    cores: 1,
    macsPerCycle: 32,
    outputUnit: { height: 1, width: 1, depth: 4 },
    inputUnit: { height: 1, width: 1, depth: 8 },
    buffer: { ...small, sumGranule: { 32: 4, 40: 4 } },
    outputCycles: { binary32: 2, unary32: 3, multiply32: 3, multiply: 3, add: 6, maximum: 1, other: 2 },
    activationCycles: { table: 1, relu: 1 },
    memory: u55Memory,
  },
  'ethos-u55-64': {
    cores: 1,
    macsPerCycle: 64,
    outputUnit: { height: 1, width: 1, depth: 8 },
    inputUnit: { height: 1, width: 1, depth: 8 },
    buffer: { ...small, sumGranule: { 32: 4, 40: 8 } },
    outputCycles: { binary32: 1, unary32: 1.5, multiply32: 1.5, multiply: 1.5, add: 3, maximum: 0.5, other: 1 },
    activationCycles: { table: 1, relu: 1 },
    memory: u55Memory,
  },
  'ethos-u55-128': {
    cores: 1,
    macsPerCycle: 128,
    outputUnit: { height: 1, width: 2, depth: 8 },
    inputUnit: { height: 1, width: 2, depth: 8 },
    buffer: {
      banks: 24,
      tableBanks: 2,
      inputGranule: { 8: 4, 16: 4, 32: 8 },
      elementwiseGranule: { 8: 4, 16: 4, 32: 8 },
      sumGranule: { 32: 8, 40: 12 },
    },
    outputCycles: { binary32: 0.75, unary32: 1.25, multiply32: 0.75, multiply: 0.75, add: 1.5, maximum: 0.25, other: 0.5 },
    activationCycles: { table: 1, relu: 0.5 },
    memory: u55Memory,
  },
  'ethos-u55-256': { ...large256, memory: u55Memory },
  'ethos-u65-256': { ...large256, memory: u65Memory },
  'ethos-u65-512': {
    ...large,
    cores: 2,
    macsPerCycle: 512,
    outputCycles: { binary32: 0.3125, unary32: 0.5625, multiply32: 0.25, multiply: 0.1875, add: 0.375, maximum: 0.0625, other: 0.125 },
    activationCycles: { table: 0.5, relu: 0.125 },
    memory: u65Memory,
  },
};

export function accelerator(name: EthosUName): Accelerator {
  return { name, ...accelerators[name] };
}

export function isEthosUName(name: string): name is EthosUName {
  return ethosUNames.some((known) => known === name);
}
