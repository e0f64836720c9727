/** ONNX's own tests of its operators (onnx/onnx, backend/test/data/node), imported and run as networks. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../src/core/engine/engine.ts';
import { isEspalierError } from '../../src/core/errors.ts';
import { importModel } from '../../src/core/import/import-model.ts';
import { readTensor } from '../../src/core/import/onnx/tensor-proto.ts';
import { compileInference } from '../../src/core/lowering/inference.ts';
import type { Network } from '../../src/core/network/network.ts';
import type { OriginalModel, OriginalTensor } from '../../src/core/network/original-model.ts';
import { decode, encode } from '../../src/core/protobuf/message.ts';
import {
  attributeProto,
  dataTypes,
  modelProto,
  tensorProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../src/core/protobuf/onnx.ts';

export interface OperatorTest {
  readonly name: string;
  /** Of the one node, or of the first where a function is written out. */
  readonly operator: string;
  readonly outcome: 'passed' | 'refused' | 'wrong';
  /** Why it was refused, or by how much it is wrong. */
  readonly detail: string;
}

/** A row of the table in docs/onnx.md. */
export interface OperatorRow {
  readonly operator: string;
  readonly passed: number;
  readonly refused: number;
  /** Each reason without what differs from test to test, with how many tests it is of. */
  readonly reasons: readonly string[];
}

export function operatorRows(tests: readonly OperatorTest[]): readonly OperatorRow[] {
  const operators = [...new Set(tests.map(({ operator }) => operator))].sort();
  return operators.map((operator) => {
    const own = tests.filter((test) => test.operator === operator);
    const refused = own.filter(({ outcome }) => outcome === 'refused');
    const counts = new Map<string, number>();
    for (const { detail } of refused) {
      const reason = general(detail, operator);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const reasons = [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => (count === 1 ? reason : `${reason} (${count})`));
    return { operator, passed: own.filter(({ outcome }) => outcome === 'passed').length, refused: refused.length, reasons };
  });
}

/** What a refusal says of all that is like it. */
function general(detail: string, operator: string): string {
  const elementType = /(?:elements of type|element type) (\d+)/.exec(detail)?.[1];
  if (elementType !== undefined) return 'a type of elements that no network here has';
  if (/has the shape \[|has a batch of 0/.test(detail)) return 'tensors without elements';
  if (/output ".*" does not depend/.test(detail)) return 'an output that is constant';
  if (/output ".*" is quantized/.test(detail)) return 'integers as the output';
  if (/of a value with 5 axes/.test(detail)) return 'volumes';
  return detail
    .replace(new RegExp(`^${operator} `), '')
    .replace(/: .*$/, '')
    .replace(/ of \[[^\]]*\]/g, '')
    .replace(/ \[[^\]]*\]/g, '')
    .replace(/ \(.*?\)/g, '')
    .replace(/ from \S+ to \S+/, '')
    .replace(/ is not (supported|possible)$/, '');
}

/** Operators that the importer is to have, for the table. */
export async function runOperatorTests(folder: string, operators: ReadonlySet<string>, engine: Engine): Promise<readonly OperatorTest[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'espalier-onnx-'));
  const results: OperatorTest[] = [];
  try {
    for (const name of (await readdir(folder)).sort()) {
      const model = decode(modelProto, await readFile(join(folder, name, 'model.onnx')), name);
      const [node] = model.graph?.node ?? [];
      // A test of a function written out is one of its parts, which have tests of their own.
      if (node === undefined || model.graph?.node.length !== 1 || node.domain !== '' || !operators.has(node.opType)) continue;
      results.push({ name, operator: node.opType, ...(await runTest(join(folder, name), model, scratch, engine)) });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return results;
}

type Outcome = Pick<OperatorTest, 'outcome' | 'detail'>;

/** Tests give weights as inputs: inputs become constants, from the last one on, until the operator is taken. */
async function runTest(folder: string, model: ModelProto, scratch: string, engine: Engine): Promise<Outcome> {
  const all = await runVariants(folder, model, scratch, engine);
  const { graph } = model;
  if (all.outcome !== 'refused' || graph === undefined || graph.output.length === 1) return all;
  // Statistics, indices and masks beside the result.
  const [first] = graph.output;
  const node = graph.node.map((only) => ({ ...only, output: only.output.slice(0, 1) }));
  const result = await runVariants(
    folder,
    { ...model, graph: { ...graph, node, output: first === undefined ? [] : [first] } },
    scratch,
    engine,
  );
  return result.outcome === 'passed' ? { outcome: 'passed', detail: 'the first output' } : all;
}

async function runVariants(folder: string, model: ModelProto, scratch: string, engine: Engine): Promise<Outcome> {
  const { graph } = model;
  const data = join(folder, 'test_data_set_0');
  const inputs = await tensors(data, 'input');
  const outputs = await tensors(data, 'output');
  if (graph === undefined) return { outcome: 'refused', detail: 'no graph' };
  let refusal: string | undefined;
  for (const isolated of [false, true]) {
    for (let constants = 0; constants < Math.max(graph.input.length, 1); constants++) {
      const free = graph.input.length - constants;
      const path = join(scratch, 'model.onnx');
      await writeFile(path, encode(modelProto, variant(model, graph, inputs, free, isolated)));
      try {
        const { network, original } = await importModel(path);
        if (original === undefined) return { outcome: 'wrong', detail: 'nothing to compare with' };
        const difference = await differenceFrom(network, original, inputs, outputs, engine);
        return difference <= toleranceOf(outputs)
          ? { outcome: 'passed', detail: '' }
          : { outcome: 'wrong', detail: `differs by ${difference.toExponential(1)}` };
      } catch (error) {
        if (!isEspalierError(error)) return { outcome: 'wrong', detail: error instanceof Error ? (error.stack ?? '') : String(error) };
        // What is said of the operator itself, with its weights as constants.
        if (!isolated) refusal = error.message;
      }
    }
  }
  return { outcome: 'refused', detail: reason(refusal ?? '') };
}

/** Of ONNX's own runner; bfloat16 has 8 bits. */
function toleranceOf(outputs: readonly TensorProto[]): number {
  return outputs.some(({ dataType }) => dataType === dataTypes.bfloat16) ? 1e-2 : 1e-3;
}

/** Inputs from `free` on as constants; `isolated`: one example without a batch, so that every axis is the operator's. */
function variant(model: ModelProto, graph: GraphProto, inputs: readonly TensorProto[], free: number, isolated: boolean): ModelProto {
  const initializer = graph.input.slice(free).flatMap(({ name }, i) => {
    const tensor = inputs[free + i];
    return tensor === undefined ? [] : [{ ...tensor, name }];
  });
  const kept = graph.input.slice(0, free);
  if (!isolated) return { ...model, graph: { ...graph, input: kept, initializer } };
  const axes: TensorProto = {
    ...decode(tensorProto, new Uint8Array(), ''),
    name: 'front',
    dims: [1],
    dataType: dataTypes.int64,
    int64Data: [0],
  };
  const version = model.opsetImport.find(({ domain }) => domain === '')?.version ?? 1;
  const squeezes = kept.map(({ name }): NodeProto => {
    const attribute = { ...decode(attributeProto, new Uint8Array(), ''), name: 'axes', type: 7, ints: [0] };
    return {
      input: version < 13 ? [`batch of ${name}`] : [`batch of ${name}`, 'front'],
      output: [name],
      name: `squeeze ${name}`,
      opType: 'Squeeze',
      attribute: version < 13 ? [attribute] : [],
      domain: '',
    };
  });
  const input = kept.map(({ name, type }): ValueInfoProto => {
    const shape = { dim: [{ value: 1, parameter: '' }, ...(type?.tensorType?.shape?.dim ?? [])] };
    return { name: `batch of ${name}`, type: { tensorType: { elemType: type?.tensorType?.elemType ?? 0, shape } } };
  });
  return { ...model, graph: { ...graph, input, node: [...squeezes, ...graph.node], initializer: [...initializer, axes] } };
}

/** Of a message with all its lines, the operator's own. */
function reason(message: string): string {
  return (message.split('\n').at(-1) ?? '')
    .trim()
    .replace(/^model\.onnx(: |, )/, '')
    .replace(/ \(node .*?\)(?=:|$)/, '');
}

async function tensors(folder: string, kind: string): Promise<readonly TensorProto[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}_`));
  return Promise.all(
    names.map(async (_, i) => {
      try {
        return decode(tensorProto, await readFile(join(folder, `${kind}_${i}.pb`)), kind);
      } catch {
        // A sequence or an optional: no operator here takes them.
        return decode(tensorProto, new Uint8Array(), kind);
      }
    }),
  );
}

async function differenceFrom(
  network: Network,
  original: OriginalModel,
  inputs: readonly TensorProto[],
  outputs: readonly TensorProto[],
  engine: Engine,
): Promise<number> {
  const { batchSize } = original;
  const program = await compileInference(engine, network, batchSize);
  try {
    const given = original.inputs.map((input, i) => stored(inputs[i], input, batchSize));
    const found = await program.run(given, batchSize);
    const differences = original.outputs.map((output, i) => {
      const expected = stored(outputs[i], output, batchSize);
      const actual = found[i] ?? new Float32Array();
      const largest = Math.max(...expected.filter(Number.isFinite).map((value) => Math.abs(value)), 1e-6);
      if (actual.length !== expected.length) return Infinity;
      return Math.max(...expected.map((value, k) => (Object.is(value, actual[k]) ? 0 : Math.abs(value - (actual[k] ?? NaN)) / largest)));
    });
    return Math.max(...differences.map((difference) => (Number.isNaN(difference) ? Infinity : difference)));
  } finally {
    await program.dispose();
  }
}

/** A tensor of the test in the order of the network's value: `[n, ...stored]`. */
function stored(tensor: TensorProto | undefined, { shape, axes, batch }: OriginalTensor, batchSize: number): Float32Array {
  if (tensor === undefined) throw new Error('the test has fewer tensors than the model');
  const { data } = readTensor(tensor, new Map());
  const order = batch === undefined ? axes : [batch, ...axes];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  let positions = [0];
  for (const axis of order) {
    const length = shape[axis] ?? 1;
    positions = positions.flatMap((base) => Array.from({ length }, (_, i) => base + i * (strides[axis] ?? 0)));
  }
  const once = positions.map((position) => data[position] ?? 0);
  return Float32Array.from(batch === undefined && batchSize > 1 ? Array.from({ length: batchSize }, () => once).flat() : once);
}
