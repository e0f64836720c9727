/** Which kernels a technique applies to, and with which settings: by layer name or pattern. */
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { type Kernel, kernelsOf } from './kernels.ts';

export interface LayerRule<S> {
  /** A layer's name, or a pattern in which `*` stands for any characters and `?` for one. */
  readonly layers: string;
  readonly exclude?: boolean;
  /** The pattern may match no kernel: it was checked elsewhere. */
  readonly optional?: boolean;
  /** Instead of the technique's own, for these layers. */
  readonly settings?: Partial<S>;
}

export interface LayerRules<S> {
  /** Later rules override earlier ones. A layer that a rule names takes part even if it is protected or depthwise. */
  readonly rules?: readonly LayerRule<S>[];
  /** Leave the first, and the last, kernel of the network alone. Default: false. */
  readonly protectFirst?: boolean;
  readonly protectLast?: boolean;
  /** Depthwise kernels have few weights and lose much; default: false. */
  readonly includeDepthwise?: boolean;
}

export interface SelectedKernel<S> extends Kernel {
  readonly settings: S;
}

/** @throws EspalierError `invalid-argument` for a pattern that matches no kernel, naming the layers that there are */
export function selectKernels<S>(network: Network, settings: S, options: LayerRules<S>): readonly SelectedKernel<S>[] {
  const kernels = kernelsOf(network);
  const rules = (options.rules ?? []).map((rule) => ({ ...rule, pattern: layerPattern(rule.layers) }));
  for (const { layers, pattern, optional = false } of rules) {
    if (!optional && !kernels.some(({ layer }) => pattern.test(layer))) {
      throw new EspalierError('invalid-argument', `pattern "${layers}" matches no layer with a kernel`, {
        fix: `the model has ${kernels.map(({ layer }) => `"${layer}"`).join(', ')}`,
      });
    }
  }
  return kernels.flatMap((kernel, index) => {
    const applying = rules.filter(({ pattern }) => pattern.test(kernel.layer));
    const shielded =
      (options.protectFirst === true && index === 0) ||
      (options.protectLast === true && index === kernels.length - 1) ||
      (options.includeDepthwise !== true && kernel.operation.kind === 'depthwiseConv2d');
    const last = applying.at(-1);
    if (last === undefined ? shielded : last.exclude === true) return [];
    return [{ ...kernel, settings: applying.reduce<S>((merged, rule) => ({ ...merged, ...rule.settings }), settings) }];
  });
}

/** Matches whole names. */
export function layerPattern(text: string): RegExp {
  const escaped = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'u');
}
