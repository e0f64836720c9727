/** Which layers have int16 activations in an int8 file: by the recipe's rules for layers, where the runtimes take them. */
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from '../../shared/recipe/quantization-options.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import {
  layersBetweenConversions,
  layersReadingInt8,
  mixActivations,
  noInt16Layers,
  type Int16Layers,
} from '../quantize/mix-activations.ts';
import type { ActivationType } from '../quantize/quantization.ts';
import { type Kernel, kernelsOf } from './kernels.ts';
import { activationsOf, layerPattern, requireLayer } from './layer-rules.ts';
import type { TechniqueContext, TechniqueRequest } from './technique.ts';

/** Where single layers differ from 8-bit weights and int8 activations. */
export interface LayerPrecision {
  /** Kernels with 4-bit weights. */
  readonly narrow: ReadonlySet<ParameterId>;
  readonly int16: Int16Layers;
}

export const wholeInt8: LayerPrecision = { narrow: new Set(), int16: noInt16Layers };

type Request = Pick<TechniqueRequest<PostTrainingQuantizationOptions | QuantizationAwareTrainingOptions>, 'row' | 'rules' | 'options'>;

/**
 * The layers that get int16 activations. A layer with 4-bit weights keeps int8, and a warning names it; others name layers
 * in front of which int8 becomes int16, which not all runtimes do, and layers whose neighbours are int8, for which int16
 * changes nothing. None where the whole file has int16 activations.
 *
 * @param network as it is deployed, or prepared for training
 * @param narrow its kernels with 4-bit weights
 * @param deployed as the file has it
 */
export function int16Layers(
  network: Network,
  narrow: ReadonlySet<ParameterId>,
  request: Request,
  context: Pick<TechniqueContext, 'warn'>,
  deployed: Network = network,
): Int16Layers {
  if (isWhole(request)) return noInt16Layers;
  const types = ruledTypes(network, request);
  const layers = new Set<string>();
  const kept = new Set<string>();
  for (const [{ layer, parameter }, type] of types) if (type === 'int16') (narrow.has(parameter) ? kept : layers).add(layer);
  for (const layer of kept) layers.delete(layer);
  if (kept.size > 0)
    context.warn(
      `layers ${listed(kept)} keep int8 activations: TFLite Micro has no kernels for 4-bit weights with int16 activations; ` +
        'a rule with "bits": 8 lets them have int16',
    );
  const int16: Int16Layers = { layers, floatInterface: request.options.interface === 'float32' };
  const mixed = mixActivations(deployed, int16);
  const widened = layersReadingInt8(mixed);
  if (widened.length > 0)
    context.warn(
      `layers ${listed(widened)} read int8 as int16, by a QUANTIZE that LiteRT and TFLite Micro run, but TensorFlow Lite before LiteRT does not`,
    );
  const idle = layersBetweenConversions(mixed);
  if (idle.length > 0)
    context.warn(
      `int16 activations of layers ${listed(idle)} change nothing: all that they read and write is int8 around them; ` +
        'give int16 to a neighbour too, or "interface": "float32" to the file where they are the first or the last',
    );
  return int16;
}

/**
 * Checks the rules for activations before anything is trained.
 *
 * @throws EspalierError `invalid-argument` for a pattern that matches no layer, and for int8 of single layers in an int16 file
 */
export function checkActivations(network: Network, request: Request): void {
  const types = ruledTypes(network, request);
  if (!isWhole(request)) return;
  for (const [{ layer }, type] of types) {
    if (type !== 'int8') continue;
    throw new EspalierError('invalid-argument', 'int8 activations of single layers do not go with "activations": "int16" of all', {
      where: `layer "${layer}"`,
      fix: 'leave "activations" of the technique out, and give the other layers int16 by a rule before this one: { "pattern": "*", "activations": "int16" }',
    });
  }
}

function isWhole({ options }: Request): boolean {
  return 'activations' in options && options.activations === 'int16';
}

/** What the last rule that matches a layer says of its activations. */
function ruledTypes(network: Network, { row, rules }: Request): ReadonlyMap<Kernel, ActivationType> {
  const kernels = kernelsOf(network);
  const types = new Map<Kernel, ActivationType>();
  for (const rule of rules) {
    const type = activationsOf(rule, row);
    if (type === undefined) continue;
    requireLayer(rule, kernels);
    const pattern = layerPattern(rule.pattern);
    for (const kernel of kernels) if (pattern.test(kernel.layer)) types.set(kernel, type);
  }
  return types;
}

function listed(layers: Iterable<string>): string {
  return [...layers].map((layer) => `"${layer}"`).join(', ');
}
