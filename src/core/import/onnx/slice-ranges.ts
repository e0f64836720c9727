import { axisOf } from './axes.ts';
import type { HostTensor } from './host-tensor.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';

/** `count` elements of an axis from `begin` on, `step` apart; a negative step goes backwards. */
export interface SliceRange {
  readonly begin: number;
  readonly step: number;
  readonly count: number;
}

/** One range an axis. Until operator set 9 starts and ends are attributes, afterwards inputs. */
export function sliceRanges(
  node: OnnxNode,
  shape: readonly number[],
  input: (position: number) => HostTensor | undefined,
): readonly SliceRange[] {
  const list = (name: string, position: number): readonly number[] | undefined => {
    const tensor = input(position);
    return tensor === undefined ? node.attributes.integers(name) : Array.from(tensor.data);
  };
  const starts = list('starts', 1) ?? refuse('has no starts');
  const ends = list('ends', 2) ?? refuse('has no ends');
  const axes = list('axes', 3) ?? starts.map((_, axis) => axis);
  const steps = list('steps', 4) ?? starts.map(() => 1);
  const ranges = shape.map((count): SliceRange => ({ begin: 0, step: 1, count }));
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, shape.length);
    const length = shape[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (!Number.isInteger(step) || step === 0) refuse(`with a step of ${step} is not possible`);
    const resolved = (value: number): number => (value < 0 ? value + length : value);
    const begin = clamp(resolved(starts[i] ?? 0), 0, step > 0 ? length : length - 1);
    const end = clamp(resolved(ends[i] ?? length), step > 0 ? 0 : -1, length);
    ranges[axis] = { begin, step, count: Math.max(Math.ceil((end - begin) / step), 0) };
  }
  return ranges;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
