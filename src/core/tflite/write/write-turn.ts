import type { ValueId } from '../../network/network.ts';
import type { WriteContext } from './write-context.ts';

/**
 * An image `[h, w, c]` turned by 180 degrees: rows and columns in reverse order, in one pass over the image as a list
 * of pixels.
 */
export function writeTurn(context: WriteContext, from: ValueId, to: ValueId): void {
  const { graph, batch, encoding } = context;
  const shape = context.shapeOf(from);
  const [height = 1, width = 1, channels = 1] = shape;
  const image = context.tensorOf(from);
  const tensor = (name: string, dimensions: readonly number[]): number =>
    graph.tensor({ name: `${to}${name}`, shape: [batch, ...dimensions], ...encoding.value(from) });
  const reshape = (input: number, output: number): void => {
    const { shape: newShape, name } = graph.tensorAt(output);
    graph.operator('RESHAPE', [input, graph.integers(`${name}/shape`, newShape)], output, { newShape });
  };
  const pixels = tensor('/pixels', [height * width, channels]);
  reshape(image, pixels);
  const reversed = tensor('/reversed', [height * width, channels]);
  graph.operator('REVERSE_V2', [pixels, graph.integers(`${to}/axis`, [1])], reversed);
  const turned = tensor('', shape);
  reshape(reversed, turned);
  context.bind(to, turned);
}
