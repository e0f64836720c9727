import { expect, it } from 'vitest';
import { arenaSvgFile, drawArena } from '../../../src/shared/drawing/arena-plan.ts';
import type { ArenaLayout } from '../../../src/shared/hardware.ts';

const layout: ArenaLayout = {
  bytes: 320,
  steps: [
    { label: 'input', operator: undefined },
    { label: 'conv<1>', operator: 0 },
    { label: 'model/dense/BiasAdd;model/dense/MatMul', operator: 1 },
  ],
  buffers: [
    { name: 'in', kind: 'tensor', bytes: 112, offset: 208, firstStep: 0, lastStep: 1 },
    { name: 'conv<1>', kind: 'tensor', bytes: 208, offset: 0, firstStep: 1, lastStep: 2 },
    { name: 'dense', kind: 'scratch', bytes: 16, offset: 208, firstStep: 2, lastStep: 2 },
  ],
  peakStep: 1,
};

it('draws a box for each buffer, as high as its bytes and as long as it lives', () => {
  const svg = drawArena(layout);
  const boxes = [...svg.matchAll(/<rect class="buffer (\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)];
  expect(boxes.map(([, kind, x, y, width, height]) => [kind, ...[x, y, width, height].map(Number)])).toEqual([
    // 260 pixels are 320 bytes, 56 a step.
    ['tensor', 58, 10, 112, 91],
    ['tensor', 114, 101, 112, 169],
    ['scratch', 170, 88, 56, 13],
  ]);
  expect(svg).toContain('aria-label="Tensor arena: 320 B, most of it at conv&#60;1&#62;"');
  expect(svg).toContain('>BiasAdd</text>');
});

it('as a file it brings its namespace and its colours', () => {
  expect(arenaSvgFile(layout)).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*?><style>/);
});
