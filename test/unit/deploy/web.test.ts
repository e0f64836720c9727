import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Example } from '../../../src/core/data/example-source.ts';
import { createRandom } from '../../../src/core/random.ts';
import { withFloatInterface } from '../../../src/core/tflite/float-interface.ts';
import { packTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { deployModel } from '../../../src/deploy/deploy-model.ts';
import { preprocessModule } from '../../../src/deploy/web/preprocess-module.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { prepareInput, type InputChoice } from './planned-inputs.ts';

type Preprocess = (example: unknown) => Float32Array;

async function importText(text: string): Promise<Record<string, unknown>> {
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Record<
    string,
    unknown
  >;
}

/** As the module takes examples. */
function forBrowser(example: Example): unknown {
  switch (example.kind) {
    case 'image':
      return { height: example.shape[0], width: example.shape[1], channels: example.shape[2], data: example.data };
    case 'sound':
      return { samples: example.samples };
    case 'tensor':
      return Array.from(example.data);
  }
}

describe('preprocess.js gives what the pipeline of training gives, number for number', () => {
  const random = createRandom(4);
  const image = (height: number, width: number, channels: number): Example => ({
    kind: 'image',
    shape: [height, width, channels],
    data: Uint8Array.from({ length: height * width * channels }, () => random.integer(256)),
  });
  const sound: Example = { kind: 'sound', sampleRate: 8000, samples: Float32Array.from({ length: 7000 }, () => random.next() - 0.5) };
  const imagenet = { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] };
  const audio = { sampleRate: 8000, seconds: 1 };

  it.each<readonly [string, InputChoice, readonly Example[]]>([
    [
      'stretched images',
      { kind: 'image', options: { modelInputShape: [24, 28, 3], normalisation: imagenet } },
      [image(31, 57, 3), image(24, 28, 1), image(16, 9, 3)],
    ],
    [
      'covering images',
      { kind: 'image', options: { modelInputShape: [28, 24, 1], preprocessing: { fit: 'cover', centreCrop: 0.875 } } },
      [image(60, 40, 3), image(28, 24, 1)],
    ],
    [
      'resized and cropped images',
      { kind: 'image', options: { modelInputShape: [13, 14, 3], preprocessing: { fit: 'resizeThenCrop', shorterSide: 19 } } },
      [image(60, 41, 3), image(19, 19, 3)],
    ],
    ['MFCC', { kind: 'sound', options: { preprocessing: { audio, scale: 0.5, offset: 2 } } }, [sound]],
    ['waveforms', { kind: 'sound', options: { preprocessing: { audio: { ...audio, kind: 'waveform' } } } }, [sound]],
    [
      'arrays',
      { kind: 'tensor', options: { shape: [3], normalisation: { mean: [1, 2, 3], standardDeviation: [4, 5, 6] } } },
      [{ kind: 'tensor', shape: [3], data: Float32Array.of(7, -8, 9) }],
    ],
  ])('%s', async (_name, choice, examples) => {
    const { pipeline, input } = prepareInput({ ...choice, type: 'float32' });
    const { preprocess } = (await importText(preprocessModule([pipeline.steps]))) as { readonly preprocess: Preprocess };
    for (const example of examples) {
      const expected = new Float32Array(input.elements);
      pipeline.finish(pipeline.prepare(example), expected, 0, undefined);
      expect(preprocess(forBrowser(example))).toEqual(expected);
    }
  });
});

const plain = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));

describe('a file whose interface takes real numbers', () => {
  it('quantizes them itself and computes the same integers', async () => {
    const runtime = await loadRuntime();
    const [integer, real] = await Promise.all([runtime.load(plain), runtime.load(serializeTflite(withFloatInterface(readTflite(plain))))]);
    expect(real.inputs[0]).toMatchObject({ name: 'pixels', type: 'float32', shape: [1, 8, 8, 16] });
    expect(real.outputs[0]).toMatchObject({ name: 'scores', type: 'float32' });
    const codes = Int8Array.from({ length: 1024 }, (_, i) => ((i * 37) & 255) - 128);
    const values = Float32Array.from(codes, (code) => (code + 128) * 0.5);
    const [[expected = new Uint8Array()], [found = new Uint8Array()]] = [
      await integer.run([new Uint8Array(codes.buffer)]),
      await real.run([new Uint8Array(values.buffer)]),
    ];
    expect(Array.from(new Float32Array(found.buffer))).toEqual(Array.from(new Int8Array(expected.buffer), (code) => code * 0.5));
    await Promise.all([integer.dispose(), real.dispose()]);
  });
});

const chromium = process.env['ESPALIER_CHROMIUM'] ?? '/usr/bin/chromium';
const root = path.resolve(import.meta.dirname, '../../..');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'espalier-web-'));
  await writeFile(path.join(folder, 'net.tflite'), plain);
});
afterEach(() => rm(folder, { recursive: true }));

describe('a folder for browsers', () => {
  it('takes plain files alone', async () => {
    const packed = path.join(folder, 'packed.tflite');
    await writeFile(packed, packTflite(plain, { goal: 'small' }).bytes);
    await expect(deployModel({ file: packed, output: path.join(folder, 'out'), target: 'web' })).rejects.toThrow(
      /packed\.tflite: it is packed for TFLite Micro, and Web needs the plain file; unpack it first/,
    );
  });

  it.skipIf(!existsSync(chromium))(
    'has a page that loads, runs the test case and passes',
    async () => {
      const output = path.join(folder, 'out');
      await deployModel({ file: path.join(folder, 'net.tflite'), output, target: 'web' });
      expect(await textOfPage(output)).toBe('Test case: PASSED');
    },
    120_000,
  );
});

/** What the page says after its program has run; packages come from this project. */
async function textOfPage(served: string): Promise<string> {
  const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  let answer: (text: string) => void = () => undefined;
  const said = new Promise<string>((resolve) => (answer = resolve));
  const server = createServer((request, response) => {
    const pathname = request.url === '/' ? '/index.html' : (request.url ?? '');
    if (request.method === 'POST') {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        response.end();
        answer(text);
      });
      return;
    }
    const file = path.join(pathname.startsWith('/node_modules/') ? root : served, pathname);
    void readFile(file).then(
      (contents) => {
        const report = pathname === '/page.js' ? "\nawait fetch('/said', { method: 'POST', body: test.textContent });\n" : '';
        response
          .writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' })
          .end(Buffer.concat([contents, Buffer.from(report)]));
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const profile = path.join(served, '..', 'profile');
  const browser = spawn(
    chromium,
    ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`],
    // A group of its own, to be killed as a whole; the pipe closes when the last of its processes has ended.
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  browser.stderr.resume();
  const ended = once(browser, 'close');
  try {
    return await said;
  } finally {
    // Processes of the browser that outlive it write to the profile while its folder is removed.
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await ended;
    server.close();
    server.closeAllConnections();
  }
}
