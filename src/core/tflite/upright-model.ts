import { turnedIndex } from '../network/sparse-inference/lay-out.ts';
import { windowExtent } from '../network/shapes/window.ts';
import { tensorBytes } from './schema/tensor-types.ts';
import { storedValues } from './tensor-values.ts';
import { elementCount, type Subgraph, type TfliteModel, type TfliteOperator, type TfliteTensor } from './tflite-model.ts';

/**
 * The same model for images as they are, where a file turns its image by 180 degrees for XNNPACK's sparse kernels (see
 * `layOutSparsePart`): the reversal is gone, kernels and paddings are turned back. Other models stay as they are. So
 * kernels can be compared with those of files that turn nothing.
 */
export function uprightModel(model: TfliteModel): TfliteModel {
  const [graph, ...others] = model.subgraphs;
  const turn = graph === undefined || others.length > 0 ? undefined : findTurn(graph);
  const upright = graph === undefined || turn === undefined ? undefined : new TurnBack(graph, turn).run();
  return upright === undefined ? model : { ...model, subgraphs: [upright] };
}

/** An image as a list of pixels, reversed, as an image again. */
interface Turn {
  readonly operators: readonly TfliteOperator[];
  readonly from: number;
  readonly to: number;
}

function findTurn({ tensors, operators }: Subgraph): Turn | undefined {
  for (const reverse of operators) {
    if (reverse.name !== 'REVERSE_V2' || reverse.isCustom) continue;
    const [pixels = -1, axes = -1] = reverse.inputs;
    const [reversed = -1] = reverse.outputs;
    const before = operators.find(({ name, outputs }) => name === 'RESHAPE' && outputs[0] === pixels);
    const readers = operators.filter(({ inputs }) => inputs.includes(reversed));
    const [after] = readers;
    const [from = -1] = before?.inputs ?? [];
    const [to = -1] = after?.outputs ?? [];
    const [batch = 0, height = 0, width = 0, channels = 0, ...rest] = tensors[from]?.shape ?? [];
    const isImage = rest.length === 0 && tensors[to]?.shape.join() === [batch, height, width, channels].join();
    const isList = tensors[pixels]?.shape.join() === [batch, height * width, channels].join();
    if (before === undefined || after?.name !== 'RESHAPE' || readers.length !== 1 || !isImage || !isList) continue;
    if (integersOf(tensors[axes])?.join() === '1') return { operators: [before, reverse, after], from, to };
  }
  return undefined;
}

function integersOf(tensor: TfliteTensor | undefined): readonly number[] | undefined {
  return tensor?.data === undefined ? undefined : Array.from(storedValues(tensor));
}

const elementWise = new Set(['RELU', 'RELU6', 'LEAKY_RELU', 'ELU', 'LOGISTIC', 'HARD_SWISH', 'ADD', 'MUL']);

class TurnBack {
  readonly #graph: Subgraph;
  readonly #turn: Turn;
  readonly #tensors: TfliteTensor[];
  readonly #turned: Set<number>;
  /** Constants that are turned already. */
  readonly #done = new Set<number>();

  constructor(graph: Subgraph, turn: Turn) {
    this.#graph = graph;
    this.#turn = turn;
    this.#tensors = [...graph.tensors];
    this.#turned = new Set([turn.to]);
  }

  /** Undefined where something else than the layout's operators reads the turned image. */
  run(): Subgraph | undefined {
    const { operators, outputs } = this.#graph;
    for (const operator of operators) {
      if (!operator.inputs.some((input) => this.#turned.has(input))) continue;
      if (!this.#visit(operator)) return undefined;
    }
    if (outputs.some((output) => this.#turned.has(output))) return undefined;
    const { from, to } = this.#turn;
    return {
      ...this.#graph,
      tensors: this.#tensors,
      operators: operators
        .filter((operator) => !this.#turn.operators.includes(operator))
        .map((operator) => ({ ...operator, inputs: operator.inputs.map((input) => (input === to ? from : input)) })),
    };
  }

  #visit(operator: TfliteOperator): boolean {
    const [output = -1] = operator.outputs;
    if (operator.name === 'MEAN') return integersOf(this.#graph.tensors[operator.inputs[1] ?? -1])?.join() === '1,2';
    this.#turned.add(output);
    if (operator.name === 'PAD') return this.#turnPadding(operator);
    if (operator.name === 'CONV_2D' || operator.name === 'DEPTHWISE_CONV_2D') return this.#turnKernel(operator);
    const pixelwise = operator.inputs.every((input) => this.#turned.has(input) || this.#isOnePixel(input));
    return elementWise.has(operator.name) && pixelwise;
  }

  #isOnePixel(tensor: number): boolean {
    return elementCount((this.#tensors[tensor]?.shape ?? []).slice(1, -1)) === 1;
  }

  /** The last window may end before the padding does: what it leaves out is not padding at the start of the upright image. */
  #turnPadding(operator: TfliteOperator): boolean {
    const [input = -1, margins = -1] = operator.inputs;
    const [output = -1] = operator.outputs;
    const [reader, ...others] = this.#graph.operators.filter(({ inputs }) => inputs.includes(output));
    const stored = this.#tensors[margins];
    const paddings = integersOf(stored);
    const image = this.#tensors[input];
    const padded = this.#tensors[output];
    const kernel = this.#tensors[reader?.inputs[1] ?? -1]?.shape ?? [];
    const windows = this.#tensors[reader?.outputs[0] ?? -1]?.shape ?? [];
    if (reader?.options.padding !== 'valid' || others.length > 0 || stored === undefined || image === undefined || padded === undefined)
      return false;
    if (paddings?.length !== 8 || stored.type !== 'int32' || this.#done.has(margins)) return false;
    this.#done.add(margins);
    const strides = [0, Number(reader.options.strideHeight), Number(reader.options.strideWidth)];
    const turned = [...paddings];
    for (const axis of [1, 2]) {
      const before = paddings[2 * axis] ?? 0;
      const reach = ((windows[axis] ?? 0) - 1) * (strides[axis] ?? 0) + (kernel[axis] ?? 0);
      const after = reach - before - (image.shape[axis] ?? 0);
      if (after < 0) return false;
      turned[2 * axis] = after;
      turned[2 * axis + 1] = before;
    }
    this.#tensors[margins] = { ...stored, data: new Uint8Array(Int32Array.from(turned).buffer) };
    const shape = image.shape.map((length, axis) => length + (turned[2 * axis] ?? 0) + (turned[2 * axis + 1] ?? 0));
    this.#tensors[output] = { ...padded, shape };
    return true;
  }

  #turnKernel({ inputs, options }: TfliteOperator): boolean {
    const [input = -1, kernel = -1] = inputs;
    const constant = this.#constantOf(kernel);
    const tensor = this.#tensors[constant];
    if (tensor?.data === undefined) return false;
    const { shape, data } = tensor;
    const symmetric = [1, 2].every((axis) => {
      const stride = Number(axis === 1 ? options.strideHeight : options.strideWidth);
      const { before, after } = windowExtent(this.#tensors[input]?.shape[axis] ?? 0, shape[axis] ?? 0, stride, 1, 'same');
      return options.padding === 'valid' ? stride > 1 : before === after;
    });
    const onePixel = elementCount(shape.slice(1, 3)) === 1;
    if (onePixel) return true;
    const size = tensorBytes(tensor.type, 1);
    if (!symmetric || tensor.sparsity !== undefined || size === undefined || tensor.type === 'int4') return false;
    if (this.#done.has(constant)) return true;
    this.#done.add(constant);
    const source = turnedIndex(shape);
    const turned = new Uint8Array(data.length);
    for (let i = 0; i < elementCount(shape); i++) turned.set(data.subarray(source(i) * size, (source(i) + 1) * size), i * size);
    this.#tensors[constant] = { ...tensor, data: turned };
    return true;
  }

  /** Behind DEQUANTIZE or DENSIFY. */
  #constantOf(index: number): number {
    const decoder = this.#graph.operators.find(
      ({ outputs, name }) => outputs[0] === index && (name === 'DEQUANTIZE' || name === 'DENSIFY'),
    );
    return decoder?.inputs[0] ?? index;
  }
}
