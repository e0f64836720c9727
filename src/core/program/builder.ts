import { WindowBuilder } from './building/window-builder.ts';
import type { Tensor } from './program.ts';

export type { Operand } from './building/element-wise-builder.ts';

/**
 * Builds a program instruction by instruction. Every method checks shapes and types at once and throws a `RangeError`
 * that names both shapes, so that a wrong lowering fails where it is written rather than inside an engine.
 *
 * Each class in `building/` adds the methods of one kind of instruction to those before it; here are those that say how
 * gradients pass.
 */
export class ProgramBuilder extends WindowBuilder {
  /** g where `0 < y < ceiling`, else 0. */
  rectifierGradient(y: Tensor, g: Tensor, ceiling?: number): Tensor {
    if (y.shape.join() !== g.shape.join()) throw new RangeError(`rectifierGradient: [${y.shape.join(', ')}] with [${g.shape.join(', ')}]`);
    return this.emit(g.shape, 'float32', (output) => ({ op: 'rectifierGradient', y, g, ceiling, output }));
  }

  /** Forward `x`; the whole gradient goes to `latent`. */
  straightThrough(x: Tensor, latent: Tensor): Tensor {
    if (x.shape.join() !== latent.shape.join())
      throw new RangeError(`straightThrough: [${x.shape.join(', ')}] for [${latent.shape.join(', ')}]`);
    return this.emit(x.shape, x.type, (output) => ({ op: 'straightThrough', x, latent, output }));
  }

  stopGradient(x: Tensor): Tensor {
    return this.emit(x.shape, x.type, (output) => ({ op: 'stopGradient', x, output }));
  }
}
