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
  const pixels = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const distance = distanceToLines(x + 0.5, y + 0.5, lines);
      const ink = Math.min(1, Math.max(0, pen + 0.5 - distance));
      pixels[y * side + x] = Math.min(255, Math.max(0, Math.round(255 * ink + (ink > 0 ? 12 * random.normal() : 0))));
    }
  }
  return pixels;
}

function distanceToLines(x: number, y: number, lines: readonly (readonly Point[])[]): number {
  let nearest = Infinity;
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [ax, ay] = line[i - 1] ?? [0, 0];
      const [bx, by] = line[i] ?? [0, 0];
      const lengthSquared = (bx - ax) ** 2 + (by - ay) ** 2;
      const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / lengthSquared));
      nearest = Math.min(nearest, (x - ax - along * (bx - ax)) ** 2 + (y - ay - along * (by - ay)) ** 2);
    }
  }
  return Math.sqrt(nearest);
}
