import { expect, it } from 'vitest';
import { checkInterface } from '../../../src/core/data/check-data.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import type { TfliteModel } from '../../../src/core/tflite/tflite-model.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { fileInterface } from '../../../src/core/tflite/tflite-model.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';

/** `a - b` and `a + b` of two inputs, as TensorFlow's converter may write it: the signature has names and an order of its own. */
function asOthersWrite(): TfliteModel {
  const b = new NetworkBuilder('net');
  const [first, second] = [b.input([2], 'first'), b.input([2], 'second')];
  const model = readTflite(
    writeTflite({ kind: 'float', network: b.build([b.binary('minus', 'sub', first, second), b.binary('plus', 'add', first, second)]) }),
  );
  return {
    ...model,
    signatures: model.signatures.map((signature) => ({
      ...signature,
      inputs: signature.inputs.map(({ tensor, name }) => ({ tensor, name: `my_${name}` })).reverse(),
      outputs: [...signature.outputs].reverse(),
    })),
  };
}

it('calls inputs as the signature does, in the order of the graph, which is the runtime’s', async () => {
  const model = asOthersWrite();
  expect(fileInterface(model)).toEqual({
    inputs: [
      { name: 'my_first', shape: [2] },
      { name: 'my_second', shape: [2] },
    ],
    outputs: [
      { name: 'minus', shape: [2] },
      { name: 'plus', shape: [2] },
    ],
  });
  expect(fileInterface({ ...model, signatures: [] }).inputs.map(({ name }) => name)).toEqual(['first', 'second']);
  const interpreter = await (await loadRuntime()).load(serializeTflite(model));
  const outputs = await interpreter.run([Float32Array.of(1, 2), Float32Array.of(10, 30)].map(({ buffer }) => new Uint8Array(buffer)));
  expect(outputs.map(({ buffer }) => [...new Float32Array(buffer)])).toEqual([
    [-9, -28],
    [11, 32],
  ]);
  await interpreter.dispose();
});

it('says which of several outputs is compared with the data', async () => {
  const { test } = await openData({ format: 'generated', set: 'table', trainSize: 20, testSize: 20 }, '.', { seed: 0 });
  const ends = { inputs: [{ name: 'x', shape: [8] }], outputs: [{ name: 'StatefulPartitionedCall:0', shape: [3] }] };
  expect(await checkInterface(ends, test)).toEqual([]);
  expect(await checkInterface({ ...ends, outputs: [...ends.outputs, { name: 'box', shape: [4] }] }, test)).toEqual([
    'the model has 2 outputs: the first, "StatefulPartitionedCall", is compared with the data',
  ]);
});
