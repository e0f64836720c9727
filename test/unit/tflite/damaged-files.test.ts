import { describe, expect, it } from 'vitest';
import { isEspalierError } from '../../../src/core/errors.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { realValues } from '../../../src/core/tflite/tensor-values.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { bytesOf, float32, GraphBuilder } from '../../../src/core/tflite/write/graph-builder.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { mutations } from '../../fuzz/mutations.ts';
import { operationNetworks } from './operation-networks.ts';
import { sparseModel } from './sparse-model.ts';

const files = [...operationNetworks.slice(0, 12).map((network) => writeTflite({ kind: 'float', network })), serializeTflite(sparseModel)];
/** `ESPALIER_FUZZ=10000` for the long run. */
const count = Number(process.env['ESPALIER_FUZZ'] ?? 1000);

function readAll(bytes: Uint8Array): void {
  for (const graph of readTflite(bytes).subgraphs) {
    for (const tensor of graph.tensors) if (tensor.data !== undefined) realValues(tensor);
  }
}

describe('a damaged .tflite file', () => {
  it(`is a model or an EspalierError, ${count} times`, () => {
    let refused = 0;
    for (const bytes of mutations(files, count, 20)) {
      try {
        readAll(bytes);
      } catch (error) {
        if (!isEspalierError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(count / 4);
  }, 120_000);

  it('is refused at every length that a download can stop at', () => {
    const [file = new Uint8Array()] = files;
    for (let length = 0; length < file.length - 8; length += 7) {
      let message = 'read';
      try {
        readAll(file.subarray(0, length));
      } catch (error) {
        message = isEspalierError(error) ? error.code : String(error);
      }
      // The last bytes may be padding that nothing refers to.
      if (message !== 'read') expect(message).toBe('invalid-model');
      else expect(length).toBeGreaterThan(file.length * 0.5);
    }
  });

  it('names what it is not', () => {
    expect(() => readTflite(new TextEncoder().encode('<html>not found</html>'))).toThrow(/identifier "TFL3".*export or download it again/);
  });
});

it('scales that do not fit their axis are named as what TensorFlow refuses, not as damage', () => {
  const graph = new GraphBuilder();
  const input = graph.tensor({ name: 'in', shape: [1, 8], ...float32 });
  const output = graph.tensor({ name: 'out', shape: [1, 8], ...float32 });
  const scales = Array.from({ length: 8 }, () => 0.5);
  const bias = graph.tensor({
    name: 'bias',
    shape: [8],
    type: 'int32',
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 3 },
    data: bytesOf(new Int32Array(8)),
  });
  graph.operator('ADD', [input, bias], output, { activation: 'none' });
  const file = serializeTflite({ description: '', subgraphs: [graph.build('main', [input], [output])], signatures: [], metadata: [] });
  const read = (): unknown => readTflite(file);
  expect(read).toThrow(/tensors\[2\].*: it has 8 scales along dimension 3 of \[8\]; TensorFlow Lite itself refuses such scales: convert/);
  expect(read).not.toThrow(/damaged/);
});
