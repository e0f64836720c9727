import { unreachable } from '../../errors.ts';
import { channelRegions, type ChannelRegion } from '../../program/channel-regions.ts';
import { sliceInstruction } from '../../program/channel-slices.ts';
import type { AffineRows, Instruction } from '../../program/instructions.ts';
import type { Program, Tensor } from '../../program/program.ts';
import { GraphWriter } from './graph-writer.ts';
import { writeConv2d, writeConvTranspose2d } from './nodes/convolutions.ts';
import { writeDepthwiseConv2d, writeDepthwiseConvTranspose2d, writeDepthwiseFilterGradient } from './nodes/depthwise-convolutions.ts';
import { writeBinary, writeCast, writeUnary, writeWhere } from './nodes/elementwise.ts';
import { writeConv2dFilterGradient } from './nodes/filter-gradients.ts';
import {
  writeBroadcastTo,
  writeConcat,
  writeGather,
  writePad,
  writeReshape,
  writeScatterAdd,
  writeSlice,
  writeTranspose,
} from './nodes/movement.ts';
import { poolingsWithGradient, writeMaxPool2d, writeMaxPool2dGradient } from './nodes/pooling.ts';
import { rectifiedAffineRows, writeAffineRows, writeRectifiedRows, writeRectifierGradient, writeRowDot } from './nodes/rows.ts';
import { writeArgReduce, writeMatMul, writeReduce } from './nodes/reductions.ts';
import { encodeOnnxModel } from './onnx-model.ts';
import type { ProviderGap } from './provider-gaps.ts';

/** How programs are encoded. */
export interface EncodingOptions {
  /** Whether the operators of `com.microsoft` may be used. */
  readonly contributed: boolean;
  /** Channels in a block of the runtime's blocked convolutions; undefined: they are not used. */
  readonly channelBlock?: number | undefined;
  /** What the provider lacks; default: nothing. */
  readonly gaps?: ReadonlySet<ProviderGap> | undefined;
  /** Of what is computed block by block; see `channelRegions`. */
  readonly blockBytes: number;
}

/** A program as the bytes of an ONNX model; `inputName` and `outputName` give the names of its inputs and outputs. */
export function encodeProgram(program: Program, { blockBytes, ...options }: EncodingOptions): Uint8Array {
  const graph = new GraphWriter(options);
  const pooled = poolingsWithGradient(program.instructions);
  const parts = channelRegions(program, blockBytes);
  const alone = new Set(parts.flatMap((part) => (part.kind === 'instruction' ? [part.instruction.output.id] : [])));
  const rectified = [...rectifiedAffineRows(program.instructions, Object.values(program.outputs))].filter(
    ([id, affine]) => alone.has(id) && alone.has(affine.output.id),
  );
  const write = instructionWriter(new Map(rectified), pooled);
  for (const part of parts) {
    if (part.kind === 'instruction') write(graph, part.instruction);
    else writeRegion(graph, part, pooled);
  }
  for (const [name, tensor] of Object.entries(program.outputs)) {
    // A node of its own, since an output may also be an input, a constant, or wanted under two names.
    graph.node('Identity', [graph.nameOf(tensor)], {}, outputName(name));
    graph.outputs.push({ name: outputName(name), type: tensor.type, shape: tensor.shape });
  }
  return encodeOnnxModel(graph);
}

function instructionWriter(
  rectified: ReadonlyMap<number, AffineRows>,
  pooled: ReadonlySet<string>,
): (graph: GraphWriter, instruction: Instruction) => void {
  const fused = new Set([...rectified.values()].map(({ output }) => output.id));
  return (graph, instruction) => {
    const affine = rectified.get(instruction.output.id);
    if (instruction.op === 'unary' && affine !== undefined) writeRectifiedRows(graph, affine, instruction);
    else if (!fused.has(instruction.output.id)) writeInstruction(graph, instruction, pooled);
  };
}

/** A `Scan` over blocks of channels. */
function writeRegion(
  graph: GraphWriter,
  { channels, block, members, inputs, outputs, views }: ChannelRegion,
  pooled: ReadonlySet<string>,
): void {
  const slice = ({ shape }: Tensor): number[] => [block, ...shape.slice(1)];
  const blocks = inputs.map((tensor) => ({
    tensor,
    name: graph.node('Reshape', [graph.nameOf(tensor), graph.integers([channels / block, ...slice(tensor)])]),
    slice: slice(tensor),
  }));
  const results = outputs.map((tensor) => ({ tensor, name: graph.temporary(), slice: slice(tensor) }));
  graph.scan(blocks, results, (body) => {
    const sliced = members.map((member) => sliceInstruction(member.instruction, member.sliced, block));
    for (const { output } of sliced) body.declare(output);
    const write = instructionWriter(rectifiedAffineRows(sliced, outputs), pooled);
    for (const instruction of sliced) write(body, instruction);
  });
  for (const { tensor, name } of results) graph.node('Reshape', [name, graph.integers(tensor.shape)], {}, graph.nameOf(tensor));
  for (const view of views) writeInstruction(graph, view, pooled);
}

/**
 * The ONNX name of a program's input. It differs from the output's, since a training step returns its state under the
 * name it came in.
 */
export function inputName(name: string): string {
  return `in:${name}`;
}

/** The ONNX name of a program's output. */
export function outputName(name: string): string {
  return `out:${name}`;
}

function writeInstruction(graph: GraphWriter, instruction: Instruction, pooled: ReadonlySet<string>): void {
  switch (instruction.op) {
    case 'input': {
      const { name, output } = instruction;
      graph.inputs.push({ name: inputName(name), type: output.type, shape: output.shape });
      graph.node('Identity', [inputName(name)], {}, graph.nameOf(output));
      return;
    }
    case 'constant': {
      const { data, output } = instruction;
      graph.initializer({ name: graph.nameOf(output), type: output.type, shape: output.shape, data });
      return;
    }
    case 'unary':
      return writeUnary(graph, instruction);
    case 'binary':
      return writeBinary(graph, instruction);
    case 'where':
      return writeWhere(graph, instruction);
    case 'cast':
      return writeCast(graph, instruction);
    case 'reduce':
      return writeReduce(graph, instruction);
    case 'argReduce':
      return writeArgReduce(graph, instruction);
    case 'reshape':
      return writeReshape(graph, instruction);
    case 'transpose':
      return writeTranspose(graph, instruction);
    case 'broadcastTo':
      return writeBroadcastTo(graph, instruction);
    case 'slice':
      return writeSlice(graph, instruction);
    case 'concat':
      return writeConcat(graph, instruction);
    case 'pad':
      return writePad(graph, instruction);
    case 'matmul':
      return writeMatMul(graph, instruction);
    case 'gather':
      return writeGather(graph, instruction);
    case 'scatterAdd':
      return writeScatterAdd(graph, instruction);
    case 'conv2d':
      return writeConv2d(graph, instruction);
    case 'convTranspose2d':
      return writeConvTranspose2d(graph, instruction);
    case 'conv2dFilterGradient':
      return writeConv2dFilterGradient(graph, instruction);
    case 'depthwiseConv2d':
      return writeDepthwiseConv2d(graph, instruction);
    case 'depthwiseConvTranspose2d':
      return writeDepthwiseConvTranspose2d(graph, instruction);
    case 'depthwiseFilterGradient':
      return writeDepthwiseFilterGradient(graph, instruction);
    case 'maxPool2d':
      return writeMaxPool2d(graph, instruction, pooled);
    case 'maxPool2dGradient':
      return writeMaxPool2dGradient(graph, instruction);
    case 'affineRows':
      return writeAffineRows(graph, instruction);
    case 'rowDot':
      return writeRowDot(graph, instruction);
    case 'rectifierGradient':
      return writeRectifierGradient(graph, instruction);
    case 'straightThrough':
    case 'stopGradient':
      graph.node('Identity', [graph.nameOf(instruction.x)], {}, graph.nameOf(instruction.output));
      return;
    default:
      return unreachable(instruction);
  }
}
