/** Somebody who trains in PyTorch: an .onnx of open size, and a folder of photos as torchvision reads them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { OnnxWriter } from '../unit/import/onnx/onnx-model.ts';
import type { Editor } from './editor.ts';

/** A small network over images of any size, which tells colours apart as little as its random weights do. */
function model(): Uint8Array {
  const writer = new OnnxWriter(2);
  const image = writer.input('image', ['n', 3, 'h', 'w']);
  const convolved = writer.node('Conv', [image, writer.weight([8, 3, 3, 3], 'features.0.weight'), writer.weight([8], 'features.0.bias')], {
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  const pooled = writer.node('Flatten', [writer.node('GlobalAveragePool', [writer.node('Relu', [convolved])])]);
  writer.output(writer.node('Gemm', [pooled, writer.weight([3, 8], 'fc.weight'), writer.weight([3], 'fc.bias')], { transB: 1 }));
  return writer.bytes({ opset: 13 });
}

/** Red, green and blue pictures, some of them a folder further down. */
function writePhotos(folder: string): void {
  for (const [split, count] of [
    ['train', 40],
    ['val', 12],
  ] as const) {
    for (const [channel, colour] of ['blue', 'green', 'red'].entries()) {
      for (let i = 0; i < count; i++) {
        const image = new PNG({ width: 20, height: 20 });
        for (let pixel = 0; pixel < 400; pixel++) {
          image.data.set([40, 40, 40, 255], pixel * 4);
          image.data[pixel * 4 + 2 - channel] = 120 + ((i * 37 + pixel * 11) % 120);
        }
        const file = path.join(folder, 'photos', split, colour, i % 4 === 0 ? 'more' : '', `${i}.PNG`);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, PNG.sync.write(image));
      }
    }
  }
}

/** @param opened an editor with an empty folder */
export function pytorchUser(opened: () => Editor): void {
  describe('a user of PyTorch', () => {
    let editor: Editor;

    beforeAll(() => {
      editor = opened();
      writeFileSync(path.join(editor.folder, 'colours.onnx'), model());
      writePhotos(editor.folder);
    });

    it('optimizes an .onnx of open size, step by step', async () => {
      await editor.openSidebar();
      await editor.sidebarRow('colours.onnx').waitFor();
      await editor.command('Espalier: Optimize Model…');
      await editor.quickInputTitle().filter({ hasText: 'Optimize colours.onnx (1/5)' }).waitFor();
      await editor.answer('Size of input "image" [3, ?, ?]', '3, 16');
      await editor.page.locator('.quick-input-widget', { hasText: 'only open lengths can be chosen' }).waitFor();
      await editor.screenshot('pytorch-01-size');
      await editor.answer('only open lengths can be chosen', '3, 16, 16');
      await editor.pick('photos');
      await editor.pick('ImageNet');
      // How long each choice takes here is found out while one reads.
      await editor.page.locator('.quick-input-widget .monaco-list-row', { hasText: /Quick look.*about \d/ }).waitFor({ timeout: 60_000 });
      await editor.screenshot('pytorch-01-times');
      await editor.pick('Quick look');
      await editor.answer('Most accuracy that may be lost', '');
      await editor.answer('Largest compressed size', '');
      // Only the first run of all introduces itself.
      await editor.notification('Espalier runs colours').waitFor();
      const page = editor.webview();
      await page.locator('h1', { hasText: 'colours' }).first().waitFor({ timeout: 60_000 });
      await page.locator('.summary', { hasText: /Done|Finished/ }).waitFor({ timeout: 200_000 });
      await editor.screenshot('pytorch-02-run');
      const recipe = readFileSync(path.join(editor.folder, 'colours.espalier.json'), 'utf8');
      expect(recipe).toMatch(/"inputShape": \[3,\s*16,\s*16\]/);
      expect(recipe).toMatch(/"normalise": "imagenet"/);
    });

    it('converts it from the palette', async () => {
      await editor.command('Espalier: Convert to TFLite…');
      await editor.answer('Size of input "image" [3, ?, ?]', '3, 32, 32');
      await editor.pick('float16');
      const output = path.join(editor.folder, 'colours-float16.tflite');
      // The editor's own dialog for files, with the name proposed.
      await editor.page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).waitFor();
      await editor.screenshot('pytorch-03-save');
      await editor.page.keyboard.press('Enter');
      await editor.notification('colours-float16.tflite').waitFor({ timeout: 60_000 });
      await editor.screenshot('pytorch-04-converted');
      expect(existsSync(output)).toBe(true);
      await editor.clearNotifications();
    });
  });
}
