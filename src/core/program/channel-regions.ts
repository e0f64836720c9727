import { slicedOperands } from './channel-slices.ts';
import type { Instruction } from './instructions.ts';
import { operandsOf } from './operands.ts';
import type { Program, Tensor } from './program.ts';
import { tensorBytes } from './shapes.ts';

/**
 * Instructions that together compute slices along axis 0 from slices along axis 0: a batch norm, its activation and the
 * depthwise convolution behind it, channel by channel. Run block by block, what they give to each other stays in the
 * processor's cache.
 */
export interface ChannelRegion {
  readonly channels: number;
  /** Channels of a block; divides `channels`. */
  readonly block: number;
  /** In the order of the program. */
  readonly members: readonly Member[];
  /** From outside, needed slice by slice. */
  readonly inputs: readonly Tensor[];
  /** Used outside; no views. */
  readonly outputs: readonly Tensor[];
  /** Reshapes that are used outside too, where they are done once more: what a block gives out is not copied for a view. */
  readonly views: readonly Instruction[];
}

/** An instruction with the operands of which it needs slices. */
export interface Member {
  readonly instruction: Instruction;
  readonly sliced: readonly Tensor[];
}

/** What runs as one: an instruction or a region, in the order in which they can run. */
export type ProgramPart =
  { readonly kind: 'instruction'; readonly instruction: Instruction } | ({ readonly kind: 'region' } & ChannelRegion);

/**
 * Of what is computed block by block, for each thread. Smaller blocks stay in the second-level cache, but have more
 * operations; a step of MobileNet V1 1.0 at 96 pixels took 876 ms with 256 KiB, 772 with 1 MiB, 719 with 2 MiB, 1,022
 * without blocks, and V2 at 224 pixels 1,199 with 256 KiB, 1,077 with 1 MiB, 1,510 without.
 */
export const blockBytesOfThread = 2 ** 20;

/**
 * A program in parts, with regions where tensors are so large that blocks of `blockBytes` pay.
 *
 * A region is grown along the program: an instruction joins the last region that it reads from, or that reads what it
 * reads, unless one of its operands depends on that region through the outside, since then neither could run first.
 */
export function channelRegions(program: Program, blockBytes: number): readonly ProgramPart[] {
  const known = divided.get(program)?.get(blockBytes) ?? dividedAnew(program, blockBytes);
  divided.set(program, new Map([[blockBytes, known]]));
  return known;
}

/** A program's memory is predicted before it is compiled, and both need it in parts. */
const divided = new WeakMap<Program, ReadonlyMap<number, readonly ProgramPart[]>>();

function dividedAnew(program: Program, blockBytes: number): readonly ProgramPart[] {
  const groups = grownGroups(program);
  const kept = new Map<Group, ChannelRegion>();
  for (const group of new Set(groups.values())) {
    const region = regionOf(group, program, blockBytes);
    if (region !== undefined) kept.set(group, region);
  }
  return inOrder(program, (id) => {
    const group = groups.get(id);
    return group === undefined ? undefined : kept.get(group);
  });
}

class Group {
  readonly members: Member[] = [];
  /** Of other groups that members read, directly or through instructions of no group. */
  readonly sources = new Set<Group>();
  /** Ids of what members need slices of, and of what they need whole: a tensor is one or the other. */
  readonly sliced = new Set<number>();
  readonly whole = new Set<number>();
  readonly channels: number;

  constructor(channels: number) {
    this.channels = channels;
  }
}

/** The group of each tensor that is computed in one, by its id. */
function grownGroups({ instructions }: Program): ReadonlyMap<number, Group> {
  const groups = new Map<number, Group>();
  const readers = new Map<number, Group[]>();
  const constants = new Set(instructions.flatMap(({ op, output }) => (op === 'constant' ? [output.id] : [])));
  // Of each tensor: the groups that it depends on directly or through instructions of no group.
  const sources = new Map<number, ReadonlySet<Group>>();
  for (const instruction of instructions) {
    const operands = operandsOf(instruction);
    const read = new Set(operands.flatMap(({ id }) => [...(sources.get(id) ?? [])]));
    const sliced = slicedOperands(instruction, ({ id }) => constants.has(id));
    // A view of something from outside is made there.
    if (sliced === undefined || (instruction.op === 'reshape' && !groups.has(instruction.x.id))) {
      sources.set(instruction.output.id, read);
      continue;
    }
    const [channels = 1] = instruction.output.shape;
    const near = sliced.flatMap(({ id }) => [...(groups.has(id) ? [groups.get(id)] : []), ...(readers.get(id) ?? [])]);
    const group =
      near.findLast(
        (each) => each?.channels === channels && operands.every((operand) => canJoin(each, operand, sliced, groups, sources)),
      ) ?? new Group(channels);
    group.members.push({ instruction, sliced });
    for (const operand of operands) (sliced.includes(operand) ? group.sliced : group.whole).add(operand.id);
    groups.set(instruction.output.id, group);
    sources.set(instruction.output.id, new Set([group]));
    for (const source of read) if (source !== group) group.sources.add(source);
    for (const { id } of sliced) readers.set(id, [...(readers.get(id) ?? []), group]);
  }
  return groups;
}

function canJoin(
  group: Group,
  operand: Tensor,
  sliced: readonly Tensor[],
  groups: ReadonlyMap<number, Group>,
  sources: ReadonlyMap<number, ReadonlySet<Group>>,
): boolean {
  const whole = !sliced.includes(operand);
  if ((whole ? group.sliced : group.whole).has(operand.id)) return false;
  if (groups.get(operand.id) === group) return !whole;
  const seen = new Set<Group>();
  const waiting = [...(sources.get(operand.id) ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === group) return false;
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...next.sources);
  }
  return true;
}

/** Of a block's bytes: smaller ones, where the number of channels has no better divisor, cost more than they save. */
const smallestShare = 1 / 4;
/** With fewer passes over large tensors there is nothing to keep in the cache. */
const fewestPasses = 3;

function regionOf({ members, channels }: Group, { instructions, outputs }: Program, blockBytes: number): ChannelRegion | undefined {
  const computed = new Set(members.map(({ instruction }) => instruction.output.id));
  const inputs = new Map(members.flatMap(({ sliced }) => sliced.filter(({ id }) => !computed.has(id)).map((x) => [x.id, x])));
  const largest = Math.max(...[...inputs.values(), ...members.map(({ instruction }) => instruction.output)].map(tensorBytes));
  const passes = members.filter(
    ({ instruction: { op, output }, sliced }) => op !== 'reshape' && [output, ...sliced].some((x) => 2 * tensorBytes(x) >= largest),
  );
  const block = blockOf(channels, blockBytes / (largest / channels));
  if (largest < 2 * blockBytes || passes.length < fewestPasses || (block * largest) / channels < blockBytes * smallestShare)
    return undefined;
  const usedOutside = new Set(Object.values(outputs).map(({ id }) => id));
  for (const instruction of instructions)
    if (!computed.has(instruction.output.id)) for (const { id } of operandsOf(instruction)) usedOutside.add(id);
  const used = members.flatMap(({ instruction }) => (usedOutside.has(instruction.output.id) ? [instruction] : []));
  const definitions = new Map(members.map(({ instruction }) => [instruction.output.id, instruction]));
  const given = new Set<Instruction>();
  const views = new Set<Instruction>();
  for (let instruction of used) {
    while (instruction.op === 'reshape') {
      views.add(instruction);
      const source = definitions.get(instruction.x.id);
      if (source === undefined) break;
      instruction = source;
    }
    given.add(instruction);
  }
  return {
    channels,
    block,
    members,
    inputs: [...inputs.values()],
    outputs: [...given].map(({ output }) => output),
    views: members.flatMap(({ instruction }) => (views.has(instruction) ? [instruction] : [])),
  };
}

/** The largest divisor up to a limit; at least 1. */
function blockOf(channels: number, limit: number): number {
  for (let block = Math.floor(Math.min(limit, channels)); block > 1; block--) if (channels % block === 0) return block;
  return 1;
}

function inOrder({ instructions }: Program, regionAt: (id: number) => ChannelRegion | undefined): readonly ProgramPart[] {
  const definitions = new Map(instructions.map((instruction) => [instruction.output.id, instruction]));
  const parts: ProgramPart[] = [];
  const placed = new Set<Instruction | ChannelRegion>();
  const place = (instruction: Instruction): void => {
    const region = regionAt(instruction.output.id);
    const part = region ?? instruction;
    if (placed.has(part)) return;
    placed.add(part);
    const members = region === undefined ? [instruction] : region.members.map((member) => member.instruction);
    for (const operand of members.flatMap(operandsOf)) {
      const definition = definitions.get(operand.id);
      if (definition !== undefined && !members.includes(definition)) place(definition);
    }
    parts.push(region === undefined ? { kind: 'instruction', instruction } : { kind: 'region', ...region });
  };
  for (const instruction of instructions) place(instruction);
  return parts;
}
