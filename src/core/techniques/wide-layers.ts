/** Which layers have int16 activations in an int8 file: by the recipe's rules for layers, where the runtimes take them. */
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from '../../shared/recipe/quantization-options.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { lacksIntegerKernel } from '../quantize/integer-kernels.ts';
import { layersBetweenConversions, layersReadingInt8, mixActivations, noWideLayers, type WideLayers } from '../quantize/mix-activations.ts';
import type { ActivationType } from '../quantize/quantization.ts';
import { type Kernel, kernelsOf } from './kernels.ts';
import { activationsOf, layerPattern, requireLayer } from './layer-rules.ts';
import type { TechniqueContext, TechniqueRequest } from './technique.ts';

/** Where single layers differ from 8-bit weights and int8 activations. */
export interface LayerPrecision {
  /** Kernels with 4-bit weights. */
  readonly narrow: ReadonlySet<ParameterId>;
  readonly wide: WideLayers;
}

export const wholeInt8: LayerPrecision = { narrow: new Set(), wide: noWideLayers };

type Request = Pick<TechniqueRequest<PostTrainingQuantizationOptions | QuantizationAwareTrainingOptions>, 'row' | 'rules' | 'options'>;

/**
 * The layers that get int16 activations. A layer that cannot have them keeps int8, and a warning names it with the reason;
 * others name layers in front of which int8 becomes int16, which not all runtimes do, and layers whose neighbours are int8,
 * for which int16 changes nothing. None where the whole file has int16
 * activations.
 *
 * @param network as it is deployed, or prepared for training
 * @param narrow its kernels with 4-bit weights
 * @param deployed as the file has it
 */
export function wideLayers(
  network: Network,
  narrow: ReadonlySet<ParameterId>,
  request: Request,
  context: Pick<TechniqueContext, 'warn'>,
  deployed: Network = network,
): WideLayers {
  if (isWhole(request)) return noWideLayers;
  const types = ruledTypes(network, request);
  const layers = new Set<string>();
  const kept = new Map<string, Set<string>>();
  for (const [kernel, type] of types) {
    if (type !== 'int16') continue;
    const reason = obstacle(kernel, narrow, network);
    if (reason === undefined) layers.add(kernel.layer);
    else kept.set(reason, (kept.get(reason) ?? new Set()).add(kernel.layer));
  }
  for (const [reason, names] of kept) context.warn(`layers ${listed(names)} keep int8 activations: ${reason}`);
  const wide: WideLayers = { layers, floatInterface: request.options.interface === 'float32' };
  const mixed = mixActivations(deployed, wide);
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
  return wide;
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

/** Why a layer cannot have int16 activations. */
function obstacle({ parameter, operation }: Kernel, narrow: ReadonlySet<ParameterId>, network: Network): string | undefined {
  if (narrow.has(parameter)) return 'TFLite Micro has no kernels for 4-bit weights with int16 activations';
  if (lacksIntegerKernel(operation, 'int16', network)) return `LiteRT has no sound int16 kernel for ${operation.kind}`;
  return undefined;
}

function listed(layers: Iterable<string>): string {
  return [...layers].map((layer) => `"${layer}"`).join(', ');
}
