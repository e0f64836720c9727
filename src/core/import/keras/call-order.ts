import { EspalierError } from '../../errors.ts';
import { mostOperations } from '../../network/graph-builder.ts';
import type { LayerCall } from './inbound-nodes.ts';
import type { KerasLayer, KerasModel } from './model-config.ts';

/** One call of one layer, as the node of the layer that others refer to. */
export interface OrderedCall {
  readonly layer: KerasLayer;
  /** Of the layer in the model's list. */
  readonly index: number;
  readonly call: LayerCall;
  readonly node: number;
}

/**
 * Nested models are inlined wherever they are called, so a small file can describe an enormous network: it is refused
 * before any of it is made.
 *
 * @throws EspalierError `unsupported-model`
 */
export function requireFewCalls(model: KerasModel, where: string): void {
  const calls = countCalls(model);
  if (calls > mostOperations)
    throw new EspalierError(
      'unsupported-model',
      `calls ${calls.toLocaleString('en')} layers, more than ${mostOperations.toLocaleString('en')}`,
      { where, fix: 'give a smaller network: one of so many layers does not run on a device' },
    );
}

/** Of layers that are no models, with those of nested models as often as they are called. */
function countCalls(model: KerasModel): number {
  return model.layers.reduce((sum, { model: inner, calls }) => sum + calls.length * (inner === undefined ? 1 : countCalls(inner)), 0);
}

/**
 * Each call after those that it takes values of. Calls keep the file's order as far as that allows; those that wait for
 * a value that no call computes come last.
 */
export function inDependencyOrder(model: KerasModel): readonly OrderedCall[] {
  const calls = model.layers.flatMap((layer, index) => layer.calls.map((call, n) => ({ layer, index, call, node: layer.firstNode + n })));
  const keyOf = ({ layer, node }: { readonly layer: string; readonly node: number }): string => `${node}:${layer}`;
  const makers = new Map(calls.map((item, place) => [keyOf({ layer: item.layer.name, node: item.node }), place]));
  for (const input of model.inputs) makers.delete(keyOf(input));
  /** By place: how many makers a call still waits for, and the calls that wait for it. */
  const missing = calls.map(() => 0);
  const waiting: number[][] = calls.map(() => []);
  for (const [place, { call }] of calls.entries()) {
    for (const maker of new Set(call.inputs.flatMap((input) => makers.get(keyOf(input)) ?? []))) {
      missing[place] = (missing[place] ?? 0) + 1;
      waiting[maker]?.push(place);
    }
  }
  const ordered: OrderedCall[] = [];
  const isDone = calls.map(() => false);
  // Runs through the file; what becomes ready before the place that it has reached is done at once.
  const finish = (first: number): void => {
    const ready = [first];
    for (let place = ready.pop(); place !== undefined; place = ready.pop()) {
      const item = calls[place];
      if (item === undefined || isDone[place] === true) continue;
      isDone[place] = true;
      ordered.push(item);
      for (const next of waiting[place] ?? []) {
        const left = (missing[next] ?? 0) - 1;
        missing[next] = left;
        if (left === 0 && next < first) ready.push(next);
      }
    }
  };
  for (const place of calls.keys()) if (missing[place] === 0) finish(place);
  return [...ordered, ...calls.filter((_, place) => isDone[place] !== true)];
}
