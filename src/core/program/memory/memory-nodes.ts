import type { ProgramPart } from '../channel-regions.ts';
import type { Conv2d, Conv2dFilterGradient, ConvTranspose2d, Instruction } from '../instructions.ts';
import { operandsOf } from '../operands.ts';
import type { Program, Tensor } from '../program.ts';
import { elements, tensorBytes } from '../shapes.ts';

/** A tensor as memory. Those of the program have their ids, what nodes of one instruction give to each other negative ones. */
export interface Value {
  readonly id: number;
  readonly bytes: number;
  /** Equal for values that can take each other's place: element size and shape. */
  readonly form: string;
}

/** What the engine runs as one node, as far as memory is concerned. */
export interface MemoryNode {
  readonly reads: readonly number[];
  readonly gives: readonly Value[];
  /** May write over an operand that nothing reads later. */
  readonly inPlace: boolean;
  /** Taken while it runs. */
  readonly workspace: number;
  /** The output is the operand's memory. */
  readonly view: boolean;
}

/** The nodes of a program's parts, in the order of the program: the larger steps of the forms that the engine writes them in. */
export function memoryNodes({ instructions }: Program, parts: readonly ProgramPart[]): readonly MemoryNode[] {
  const nodes: MemoryNode[] = [];
  // The engine joins two transposes behind each other, and drops those that undo each other.
  const exchanged = new Map(
    instructions.flatMap((each) =>
      each.op === 'transpose' && each.order.join() === '1,0,2,3' ? [[each.output.id, each.x.id] as const] : [],
    ),
  );
  const inputs = new Set(instructions.flatMap(({ op, output }) => (op === 'input' ? [output.id] : [])));
  const split = new Map<number, Value[]>();
  const pooled = new Map(instructions.flatMap((each) => (each.op === 'maxPool2dGradient' ? [[each.x.id, temporary([])] as const] : [])));
  for (const part of parts) {
    if (part.kind === 'region') {
      nodes.push(
        node(
          part.members.flatMap(({ instruction }) => operandsOf(instruction)).map(({ id }) => id),
          part.outputs.map(valueOf),
          { workspace: bodyBytes(part.members.map(({ instruction }) => instruction)) * (part.block / part.channels) },
        ),
        ...part.views.flatMap((view) => nodesOf(view, pooled, exchanged)),
      );
    } else if (part.instruction.op === 'slice' && part.instruction.x.shape.length === 1 && inputs.has(part.instruction.x.id)) {
      const { x, output } = part.instruction;
      split.set(x.id, [...(split.get(x.id) ?? []), valueOf(output)]);
    } else nodes.push(...nodesOf(part.instruction, pooled, exchanged));
  }
  // Slices of a packed vector become one node, which gives all of them at once.
  return [...nodes, ...[...split].map(([id, slices]) => node([id], slices))];
}

function node(reads: readonly number[], gives: readonly Value[], more: Partial<MemoryNode> = {}): MemoryNode {
  return { reads, gives, inPlace: false, workspace: 0, view: false, ...more };
}

function valueOf(tensor: Tensor): Value {
  return { id: tensor.id, bytes: tensorBytes(tensor), form: `${tensor.type === 'bool' ? 1 : 4} ${tensor.shape.join()}` };
}

let temporaries = 0;

function temporary(shape: readonly number[], size = 4): Value {
  return { id: --temporaries, bytes: elements(shape) * size, form: `${size} ${shape.join()}` };
}

/** At the fullest moment of a body that runs for all channels at once. */
function bodyBytes(members: readonly Instruction[]): number {
  const lastUse = new Map<number, number>();
  members.forEach((member, i) => operandsOf(member).forEach(({ id }) => lastUse.set(id, i)));
  let live = 0;
  let fullest = 0;
  members.forEach((member, i) => {
    if (member.op !== 'reshape') live += tensorBytes(member.output);
    fullest = Math.max(fullest, live);
    for (const other of members) if (other.op !== 'reshape' && lastUse.get(other.output.id) === i) live -= tensorBytes(other.output);
  });
  return fullest;
}

function nodesOf(
  instruction: Instruction,
  pooled: ReadonlyMap<number, Value>,
  exchanged: ReadonlyMap<number, number>,
): readonly MemoryNode[] {
  const { output } = instruction;
  const reads = operandsOf(instruction).map(({ id }) => id);
  const gives = [valueOf(output)];
  switch (instruction.op) {
    case 'reshape':
      return [node(reads, gives, { view: true })];
    case 'unary':
    case 'binary':
      return [node(reads, gives, { inPlace: true })];
    case 'conv2d':
    case 'convTranspose2d':
      return isBlocked(instruction) ? blockedNodes(instruction) : [node(reads, gives)];
    case 'conv2dFilterGradient':
      return filterGradientNodes(instruction, exchanged);
    case 'rectifierGradient': {
      const { y, g, ceiling } = instruction;
      const above = temporary(g.shape);
      const masked = temporary(g.shape);
      const below = temporary(g.shape);
      return ceiling === undefined
        ? [node([y.id], [above]), node([g.id, above.id], gives, { inPlace: true })]
        : [
            node([y.id], [below]),
            node([y.id], [above]),
            node([g.id, above.id], [masked], { inPlace: true }),
            node([masked.id, below.id], gives, { inPlace: true }),
          ];
    }
    case 'matmul': {
      const { a, b, transposeA, transposeB } = instruction;
      if (!transposeA || transposeB || a.shape.length > 2 || Math.min(...a.shape) < 256) return [node(reads, gives)];
      const turned = temporary(a.shape);
      return [node([a.id], [turned]), node([turned.id, b.id], gives)];
    }
    case 'maxPool2d': {
      const places = pooled.get(instruction.x.id);
      // Where a maximum was, as int64.
      return [node(reads, places === undefined ? gives : [...gives, { ...temporary(output.shape, 8), id: places.id }])];
    }
    case 'maxPool2dGradient': {
      const places = pooled.get(instruction.x.id);
      return [node([...reads.filter((id) => id !== instruction.x.id), ...(places === undefined ? [] : [places.id])], gives)];
    }
    case 'depthwiseFilterGradient': {
      const copy = temporary(instruction.x.shape);
      return [node([instruction.x.id], [copy]), node([copy.id, instruction.g.id], gives, { workspace: copy.bytes })];
    }
    default:
      return [node(reads, gives)];
  }
}

function isBlocked({ filter, groups, ...instruction }: Conv2d | ConvTranspose2d): boolean {
  const [o = 1, c = 1, kh = 1, kw = 1] = filter.shape;
  const adjacent = instruction.op === 'conv2d' || (instruction.strides[0] === 1 && instruction.strides[1] === 1);
  return adjacent && groups === 1 && kh * kw > 1 && o % 16 === 0 && c % 16 === 0;
}

/** Into blocks of channels, the convolution, and back. */
function blockedNodes({ x, filter, output }: Conv2d | ConvTranspose2d): readonly MemoryNode[] {
  const [blocks, result] = [temporary(x.shape), temporary(output.shape)];
  return [node([x.id], [blocks]), node([blocks.id, filter.id], [result]), node([result.id], [valueOf(output)])];
}

/** Copies of x and g with other orders of axes, x with its pads. */
function filterGradientNodes(
  { x, g, pads: [top, left, bottom, right], output }: Conv2dFilterGradient,
  exchanged: ReadonlyMap<number, number>,
): readonly MemoryNode[] {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  const [o = 1, , rows = 1, columns = 1] = g.shape;
  const turned = temporary([n, h, w, c]);
  const padded = temporary([n, h + top + bottom, w + left + right, c]);
  const filters = temporary([o, n, rows, columns]);
  const original = exchanged.get(g.id);
  return [
    node([exchanged.get(x.id) ?? x.id], [turned]),
    node([turned.id], [padded]),
    ...(original === undefined ? [node([g.id], [filters])] : []),
    node([padded.id, original ?? filters.id], [valueOf(output)]),
  ];
}
