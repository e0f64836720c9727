import type { CertificateCheck } from '../../shared/results.ts';
import { isPacked, unpackModel } from '../tflite/pack/unpack-model.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import type { TfliteModel, TfliteTensor } from '../tflite/tflite-model.ts';
import { EspalierError } from '../errors.ts';

/**
 * Proof that a packed file computes what the plain one does: each kernel, decoded from the packed bytes by a decoder that
 * shares no code with the encoders, holds the integers of the plain file, and the operators are the same.
 *
 * @throws EspalierError `invalid-argument` where `packed` is plain or `plain` is packed; `invalid-model` for a damaged file
 */
export function packedChecks(packed: Uint8Array, plain: Uint8Array): readonly CertificateCheck[] {
  const packedModel = readTflite(packed);
  const plainModel = readTflite(plain);
  if (!isPacked(packedModel))
    throw new EspalierError('invalid-argument', 'it is not packed, so there is nothing to compare', { fix: 'give the packed file first' });
  if (isPacked(plainModel))
    throw new EspalierError('invalid-argument', 'the file to compare with is packed as well', {
      fix: 'give the plain file to compare with',
    });
  const decoded = unpackModel(packedModel);
  return [operatorCheck(decoded, plainModel), ...kernelChecks(packedModel, decoded, plainModel)];
}

/** Names may have been stripped, so tensors are compared by their places. Constants that are not packed are reported where they differ. */
function kernelChecks(packed: TfliteModel, decoded: TfliteModel, plain: TfliteModel): CertificateCheck[] {
  return plain.subgraphs.flatMap((graph, g) =>
    graph.tensors.flatMap((tensor, index): CertificateCheck[] => {
      if (tensor.data === undefined) return [];
      const found = decoded.subgraphs[g]?.tensors[index];
      const different = differentBytes(tensor, found);
      if (different === 0 && packed.subgraphs[g]?.tensors[index]?.data !== undefined) return [];
      return [
        {
          layer: tensor.name,
          property: 'decoded integers',
          expected: 'those of the plain file',
          found: different === 0 ? `all ${tensor.data.length} bytes equal` : `${different} of ${tensor.data.length} bytes differ`,
          passed: different === 0,
        },
      ];
    }),
  );
}

function differentBytes({ data = new Uint8Array() }: TfliteTensor, found: TfliteTensor | undefined): number {
  const other = found?.data;
  if (other?.length !== data.length) return data.length;
  return data.reduce((count, byte, i) => (byte === other[i] ? count : count + 1), 0);
}

/** Operators, their options, and what tensors they connect. */
function operatorCheck(decoded: TfliteModel, plain: TfliteModel): CertificateCheck {
  const passed = describeGraphs(decoded) === describeGraphs(plain);
  return {
    layer: '',
    property: 'operators',
    expected: 'those of the plain file',
    found: passed ? 'the same, on the same tensors' : 'others',
    passed,
  };
}

function describeGraphs({ subgraphs }: TfliteModel): string {
  return JSON.stringify(
    subgraphs.map(({ inputs, outputs, operators, tensors }) => ({
      inputs,
      outputs,
      operators: operators.map(({ name, version, inputs: from, outputs: to, options }) => [name, version, from, to, options]),
      tensors: tensors.map(({ shape, type, quantization }) => [shape, type, quantization]),
    })),
  );
}
