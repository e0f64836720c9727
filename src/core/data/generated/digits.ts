import type { Random } from '../../random.ts';

export const digitClasses = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

type Point = readonly [x: number, y: number];

const ellipse = (x: number, y: number, rx: number, ry: number, from = 0, to = 2 * Math.PI): readonly Point[] =>
  Array.from({ length: 17 }, (_, i) => {
    const angle = from + ((to - from) * i) / 16;
    return [x + rx * Math.sin(angle), y - ry * Math.cos(angle)];
  });

/** Pen strokes of each digit in the square -1..1, y downwards. */
const strokes: readonly (readonly (readonly Point[])[])[] = [
  [ellipse(0, 0, 0.6, 0.95)],
  [
    [
      [-0.3, -0.6],
      [0.05, -0.95],
      [0.05, 0.95],
    ],
  ],
  [[...ellipse(0, -0.45, 0.55, 0.5, -1.4, 2.2), [-0.6, 0.95], [0.65, 0.95]]],
  [[...ellipse(0, -0.48, 0.5, 0.47, -1.2, Math.PI), ...ellipse(0, 0.45, 0.58, 0.5, 0, 4.3)]],
  [
    [
      [0.3, 0.95],
      [0.3, -0.95],
      [-0.65, 0.35],
      [0.65, 0.35],
    ],
  ],
  [[[0.55, -0.95], [-0.45, -0.95], [-0.5, -0.1], ...ellipse(0, 0.35, 0.58, 0.6, -0.6, 4.1)]],
  [[[0.4, -0.95], [-0.3, -0.3], ...ellipse(0, 0.4, 0.52, 0.55, -1.4, 5)]],
  [
    [
      [-0.6, -0.95],
      [0.6, -0.95],
      [-0.15, 0.95],
    ],
  ],
  [ellipse(0, -0.48, 0.45, 0.46), ellipse(0, 0.47, 0.55, 0.49)],
  [[...ellipse(0, -0.4, 0.5, 0.53, 1.6, 7.8), [0.4, 0.95]]],
];

const side = 28;

/** A digit in strokes, turned, sheared, stretched, bent and moved at random: `[28, 28, 1]`, white on black. */
export function drawDigit(digit: number, random: Random): Uint8Array {
  const spread = (range: number): number => (2 * random.next() - 1) * range;
  const angle = spread(0.22);
  const shear = spread(0.25);
  const scaleX = 8.2 * (1 + spread(0.18));
  const scaleY = 9.2 * (1 + spread(0.12));
  const moveX = side / 2 + spread(2.2);
  const moveY = side / 2 + spread(2.2);
  const pen = 1.15 + spread(0.45);
  const bend = [spread(0.12), spread(0.12), random.next() * 6, random.next() * 6] as const;
  const place = ([x, y]: Point): Point => {
    const bentX = x + bend[0] * Math.sin(2 * y + bend[2]) + shear * y;
    const bentY = y + bend[1] * Math.sin(2 * x + bend[3]);
    return [
      moveX + scaleX * (bentX * Math.cos(angle) - bentY * Math.sin(angle)),
      moveY + scaleY * (bentX * Math.sin(angle) + bentY * Math.cos(angle)),
    ];
  };
  const lines = (strokes[digit] ?? []).map((stroke) => stroke.map((point) => place([point[0] + spread(0.035), point[1] + spread(0.035)])));
  const squared = squaredDistances(lines, pen + 0.5);
  const pixels = new Uint8Array(side * side);
  for (let i = 0; i < pixels.length; i++) {
    const ink = Math.min(1, Math.max(0, pen + 0.5 - Math.sqrt(squared[i] ?? Infinity)));
    pixels[i] = Math.min(255, Math.max(0, Math.round(255 * ink + (ink > 0 ? 12 * random.normal() : 0))));
  }
  return pixels;
}

/** Of each pixel's centre to the nearest line; lines further away than `reach` may be left out, since they leave no ink. */
function squaredDistances(lines: readonly (readonly Point[])[], reach: number): Float64Array {
  const squared = new Float64Array(side * side).fill(Infinity);
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [ax, ay] = line[i - 1] ?? [0, 0];
      const [bx, by] = line[i] ?? [0, 0];
      const [dx, dy] = [bx - ax, by - ay];
      const lengthSquared = dx * dx + dy * dy;
      const [left, right] = pixelsBetween(Math.min(ax, bx) - reach, Math.max(ax, bx) + reach);
      const [top, bottom] = pixelsBetween(Math.min(ay, by) - reach, Math.max(ay, by) + reach);
      for (let row = top; row <= bottom; row++) {
        const y = row + 0.5 - ay;
        for (let column = left; column <= right; column++) {
          const x = column + 0.5 - ax;
          const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / lengthSquared));
          const [acrossX, acrossY] = [x - along * dx, y - along * dy];
          const distance = acrossX * acrossX + acrossY * acrossY;
          if (distance < (squared[row * side + column] ?? 0)) squared[row * side + column] = distance;
        }
      }
    }
  }
  return squared;
}

/** The first and last pixel that a stretch touches, within the image. */
function pixelsBetween(from: number, to: number): readonly [first: number, last: number] {
  return [Math.max(0, Math.floor(from)), Math.min(side - 1, Math.floor(to))];
}
