import type { Network } from '../../network/network.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import { planActivations } from '../../quantize/plan-activations.ts';
import { quantizeNetwork } from '../../quantize/quantize-network.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';

/**
 * A network as the int8 .tflite that it becomes, with ranges of activations that nothing was calibrated for: tensors, operators and sizes are
 * right, outputs are not. For what depends on structure alone, before any training.
 *
 * @param strip without the texts that no runtime needs
 * @throws EspalierError as writing does
 */
export function integerStructure(network: Network, strip = false): Uint8Array {
  const prepared = prepareForDeployment(network);
  const ranges = new Map(planActivations(prepared).groups.map((group) => [group.id, { minimum: -1, maximum: 1 }]));
  return writeTflite(
    { kind: 'integer', quantized: quantizeNetwork({ network: prepared, ranges }), inputType: 'int8', outputType: 'int8' },
    { strip },
  );
}
