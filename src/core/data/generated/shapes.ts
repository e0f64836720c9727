import type { Random } from '../../random.ts';

export const shapeClasses = ['background', 'disc', 'square', 'triangle'] as const;

const side = 32;
export const shapesImage = [side, side, 3] as const;

/** An image with the class of each of its pixels. */
export interface ShapesScene {
  /** `[32, 32, 3]` */
  readonly pixels: Uint8Array;
  /** `[32, 32]`, indices of `shapeClasses` */
  readonly mask: Int32Array;
}

/** Whether a point, relative to the centre and turned, lies in a shape of radius 1. */
const inside: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => x * x + y * y < 1,
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.85,
  // Of the equilateral triangle: distances to its three sides.
  (x, y) => [0, 1, 2].every((third) => x * Math.sin((2 * Math.PI * third) / 3) + y * Math.cos((2 * Math.PI * third) / 3) < 0.55),
];

/**
 * One to three discs, squares and triangles, light before a dark background that shades from one colour to another, later ones
 * over earlier ones, with noise. Colours and sizes are no hint at which shape it is.
 */
export function drawShapes(random: Random): ShapesScene {
  const colour = (darkest: number): readonly number[] => [0, 1, 2].map(() => darkest + 90 * random.next());
  const [from, to, direction] = [colour(20), colour(20), 2 * Math.PI * random.next()];
  const [alongX, alongY] = [Math.cos(direction), Math.sin(direction)];
  const mask = new Int32Array(side * side);
  const clean = new Float32Array(side * side * 3);
  const each = (paint: (x: number, y: number, position: number) => void): void => {
    for (let position = 0; position < side * side; position++) paint((position % side) + 0.5, Math.floor(position / side) + 0.5, position);
  };
  each((x, y, position) => {
    const part = 0.5 + ((x / side - 0.5) * alongX + (y / side - 0.5) * alongY) / Math.SQRT2;
    for (let c = 0; c < 3; c++) clean[position * 3 + c] = (from[c] ?? 0) * (1 - part) + (to[c] ?? 0) * part;
  });
  const count = 1 + random.integer(3);
  for (let shape = 0; shape < count; shape++) {
    const kind = random.integer(inside.length);
    const radius = 5 + 4 * random.next();
    const [centreX, centreY] = [side * (0.15 + 0.7 * random.next()), side * (0.15 + 0.7 * random.next())];
    const angle = 2 * Math.PI * random.next();
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const paint = colour(140);
    each((x, y, position) => {
      const [dx, dy] = [(x - centreX) / radius, (y - centreY) / radius];
      if (inside[kind]?.(dx * cos + dy * sin, dy * cos - dx * sin) !== true) return;
      mask[position] = kind + 1;
      for (let c = 0; c < 3; c++) clean[position * 3 + c] = paint[c] ?? 0;
    });
  }
  return { mask, pixels: Uint8Array.from(clean, (value) => Math.min(255, Math.max(0, Math.round(value + 8 * random.normal())))) };
}
