/** What a function is called with, whichever Keras stored it: among the layer's config, by name or by position. */
import type { Operand } from '../../../network/compositions.ts';
import type { ValueId } from '../../../network/network.ts';
import type { Json } from '../../json.ts';
import type { CallConstant } from '../inbound-nodes.ts';
import type { LayerConfig } from '../layer-config.ts';
import type { LayerContext } from '../layer-converter.ts';

/**
 * Fields of a function: those of Keras 3's operation stand in its config, those of a TensorFlow function among the
 * keywords of the call. `positions` names arguments that are stored by position, after the tensors.
 */
export function fieldsOf(context: LayerContext, ...positions: readonly string[]): LayerConfig {
  const named: Record<string, Json> = {};
  positions.forEach((name, i) => {
    const argument = context.arguments[i + 1];
    if (argument !== undefined) named[name] = argument;
  });
  return context.config.with({ ...named, ...context.keywords });
}

/** The name of those that the call has, of the names that Keras and TensorFlow give one field. */
export function named(fields: LayerConfig, ...names: readonly [string, ...string[]]): string {
  return names.find((name) => fields.has(name)) ?? names[0];
}

/** Values and constants in the order in which the function takes them. */
export function operandsOf({ inputs, constants, builder }: LayerContext): readonly Operand[] {
  const rank = Math.max(0, ...inputs.map((id) => builder.shapeOf(id).length));
  const operands: Operand[] = [...inputs];
  for (const constant of constants) operands.splice(constant.position, 0, withoutBatch(constant, rank));
  return operands;
}

/** A constant of one axis more than the values holds a batch of 1 in front. */
function withoutBatch({ shape, values }: CallConstant, rank: number): Operand {
  const own = shape.length === rank + 1 && shape[0] === 1 ? shape.slice(1) : shape.length === 0 ? [1] : shape;
  return { shape: own, data: Float32Array.from(values) };
}

/** The operand as a value; a constant becomes one. */
export function asValue({ builder, layer }: LayerContext, operand: Operand, position: number): ValueId {
  return typeof operand === 'string' ? operand : builder.constant(layer, operand, { name: `${layer}/operand${position}` });
}
