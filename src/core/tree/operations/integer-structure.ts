import type { Network } from '../../network/network.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import { mixActivations, noInt16Layers } from '../../quantize/mix-activations.ts';
import { planActivations } from '../../quantize/plan-activations.ts';
import { quantizeNetwork } from '../../quantize/quantize-network.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';

/**
 * A network as the integer .tflite that it becomes, with ranges of activations that nothing was calibrated for: tensors, operators and sizes are
 * right, outputs are not. For what depends on structure alone, before any training.
 *
 * @param strip without the texts that no runtime needs
 * @param int16 layers with int16 activations; the others have int8
 * @throws EspalierError as writing does
 */
export function integerStructure(network: Network, strip = false, int16 = noInt16Layers): Uint8Array {
  const prepared = mixActivations(prepareForDeployment(network), int16);
  const ranges = new Map(planActivations(prepared).groups.map((group) => [group.id, { minimum: -1, maximum: 1 }]));
  return writeTflite(
    { kind: 'integer', quantized: quantizeNetwork({ network: prepared, ranges }), inputType: 'int8', outputType: 'int8' },
    { strip },
  );
}
