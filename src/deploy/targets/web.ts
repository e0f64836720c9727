import { EspalierError, unreachable } from '../../core/errors.ts';
import type { Example } from '../../core/data/example-source.ts';
import { withFloatInterface } from '../../core/tflite/float-interface.ts';
import { readTflite } from '../../core/tflite/read-tflite.ts';
import { serializeTflite } from '../../core/tflite/serialize-tflite.ts';
import { cType } from '../c/tensor-types.ts';
import type { DeployedFile, DeploymentPlan } from '../plan.ts';
import { preprocessModule } from '../web/preprocess-module.ts';
import { readme } from './readme.ts';

/** Of the runtime in the browser: the one that accuracies were measured in. */
const liteRtVersion = '2.5.3';

/**
 * An ES module on LiteRT for browsers, and a page that runs it. The browser's interface of LiteRT has no int8 tensors, so
 * the model takes and gives real numbers there; what it computes between stays as it is.
 */
export function webFiles(plan: DeploymentPlan): readonly DeployedFile[] {
  const { name, inputs, plain } = plan;
  const other = inputs.find(({ details }) => details.type === 'int32');
  if (other !== undefined)
    throw new EspalierError('unsupported-model', 'it takes int32, which the module does not pass on', {
      where: `input "${other.details.name}"`,
      fix: 'deploy to another target',
    });
  return [
    { path: `${name}.tflite`, contents: serializeTflite(withFloatInterface(readTflite(plain))) },
    { path: `${name}.js`, contents: modelModule(plan) },
    { path: 'preprocess.js', contents: preprocessModule(inputs.map(({ steps }) => steps)) },
    { path: 'test-case.js', contents: testCaseModule(plan) },
    { path: 'index.html', contents: page(plan) },
    { path: 'page.js', contents: pageModule(plan) },
    { path: 'serve.mjs', contents: server },
    { path: 'package.json', contents: manifest(name) },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for browsers',
        steps: [
          '`npm install` fetches LiteRT for browsers.',
          '`npm start` serves the folder; open the address that it prints. The page runs the test case and says PASSED.',
          `In a program: \`import { load } from './${name}.js'\`, \`const model = await load()\`, \`await model.run(example)\`. Copy \`node_modules/@litertjs/core/wasm\` to where \`load({ wasm })\` finds it.`,
        ],
        more: [
          `## The file\n\n\`${name}.tflite\` is ${plan.file} with real numbers as inputs and outputs, which it quantizes itself: the interface of LiteRT in browsers has no int8 tensors. It computes the same integers.`,
        ],
      }),
    },
  ];
}

function manifest(name: string): string {
  const contents = {
    name: name.replaceAll('_', '-'),
    private: true,
    type: 'module',
    scripts: { start: 'node serve.mjs' },
    dependencies: { '@litertjs/core': liteRtVersion },
  };
  return `${JSON.stringify(contents, undefined, 2)}\n`;
}

function modelModule({ name, file, labels, inputs, outputs }: DeploymentPlan): string {
  return `// ${file.replace(/[\r\n]/g, ' ')} in LiteRT for browsers. Written by Espalier.
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
import { preprocess } from './preprocess.js';

/** Classes by the index of the output${labels === undefined ? '; the data name none' : ''}. */
export const labels = ${JSON.stringify(labels ?? [])};

const inputShapes = ${JSON.stringify(inputs.map(({ details }) => details.shape))};
/** Outputs in the order of the model. */
export const outputShapes = ${JSON.stringify(outputs.map(({ details }) => details.shape))};

/**
 * Loads the runtime and the model.
 *
 * @param options.wasm folder of the runtime's WebAssembly files, with a slash at its end
 * @param options.model address of the .tflite
 */
export async function load({ wasm = './node_modules/@litertjs/core/wasm/', model = new URL('./${name}.tflite', import.meta.url).href } = {}) {
  await loadLiteRt(wasm);
  const compiled = await loadAndCompile(model, { accelerator: 'wasm' });
  const runValues = async (...values) => {
    const tensors = values.map((numbers, i) => new Tensor(numbers, inputShapes[i]));
    const results = await compiled.run(tensors);
    const outputs = await Promise.all(results.map(async (result) => Float32Array.from(await result.data())));
    for (const tensor of [...tensors, ...results]) tensor.delete();
    return outputs;
  };
  return {
    /** Of examples, one for each input, as preprocess() takes them: the outputs as real numbers. */
    run: (...examples) => runValues(...examples.map((example, i) => preprocess(example, i))),
    /** Of numbers that are preprocessed already. */
    runValues,
    delete: () => compiled.delete(),
  };
}

/** Indices of the largest numbers with what stands there, the largest first. */
export function best(output, count = 5) {
  return Array.from(output, (score, index) => ({ index, label: labels[index] ?? String(index), score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}
`;
}

/** What comes out is compared within two steps of the quantization. */
function testCaseModule({ outputs, test }: DeploymentPlan): string {
  const expected = outputs.map((output, i) => {
    const values = Array.from(
      cType(output).read(test.outputs[i] ?? new Uint8Array()),
      (element) => (element - output.zeroPoint) * output.scale,
    );
    return { values, tolerance: output.details.quantization === undefined ? 1e-3 : 2 * output.scale };
  });
  return `// ${test.fromData ? 'An example of the data' : 'Random numbers, since no data were given'}, with the outputs in ${test.runtime}. Written by Espalier.
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

export const examples = [${test.examples.map(exampleText).join(', ')}];

export const expected = ${JSON.stringify(expected)};

/** By how many tolerances outputs differ from what is expected: at most 1 where all is right. */
export function difference(outputs) {
  return Math.max(...expected.map(({ values, tolerance }, i) => Math.max(...values.map((value, k) => Math.abs(value - outputs[i][k]) / tolerance))));
}
`;
}

function exampleText(example: Example): string {
  switch (example.kind) {
    case 'image': {
      const [height, width, channels] = example.shape;
      return `{ height: ${height}, width: ${width}, channels: ${channels}, data: bytes('${base64(example.data)}') }`;
    }
    case 'sound':
      return `{ samples: new Float32Array(bytes('${base64(new Uint8Array(Float32Array.from(example.samples).buffer))}').buffer) }`;
    case 'tensor':
      return `new Float32Array(bytes('${base64(new Uint8Array(Float32Array.from(example.data).buffer))}').buffer)`;
    default:
      return unreachable(example);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function page({ file, inputs }: DeploymentPlan): string {
  const [input] = inputs;
  const kind = inputs.length === 1 ? input?.steps.kind : undefined;
  const chooser =
    kind === 'image'
      ? '<p><label>An image: <input type="file" id="file" accept="image/*"></label></p>'
      : kind === 'sound'
        ? '<p><label>A recording: <input type="file" id="file" accept="audio/*"></label></p>'
        : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${html(file)}</title>
<script type="importmap">
{ "imports": {
  "@litertjs/core": "./node_modules/@litertjs/core/dist/index.js",
  "@litertjs/wasm-utils": "./node_modules/@litertjs/wasm-utils/dist/index.js"
} }
</script>
<h1>${html(file)}</h1>
<p id="test">Loading…</p>
${chooser}
<ol id="result"></ol>
<script type="module" src="./page.js"></script>
</html>
`;
}

function html(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function pageModule({ name, inputs }: DeploymentPlan): string {
  const [input] = inputs;
  const reader =
    inputs.length !== 1 || input === undefined
      ? ''
      : input.steps.kind === 'image'
        ? imageReader
        : input.steps.kind === 'sound'
          ? soundReader
          : '';
  return `// Runs the test case, then what the user chooses. Written by Espalier.
import { best, load } from './${name}.js';
${reader === '' ? '' : `import { ${reader === imageReader ? 'fromImageData' : 'steps'} } from './preprocess.js';\n`}import { difference, examples } from './test-case.js';

const test = document.getElementById('test');

function show(output) {
  const rows = best(output).map(({ label, score }) => {
    const row = document.createElement('li');
    row.textContent = \`\${label}: \${score.toFixed(4)}\`;
    return row;
  });
  document.getElementById('result').replaceChildren(...rows);
}

try {
  const model = await load();
  const outputs = await model.run(...examples);
  const found = difference(outputs);
  test.textContent = found <= 1 ? 'Test case: PASSED' : \`Test case: FAILED, outputs differ by \${found.toFixed(1)} tolerances\`;
  show(outputs[0]);
${reader}} catch (error) {
  test.textContent = \`FAILED: \${error.message}\`;
  throw error;
}
`;
}

const imageReader = `  document.getElementById('file').addEventListener('change', async ({ target }) => {
    const bitmap = await createImageBitmap(target.files[0]);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const [output] = await model.run(fromImageData(context.getImageData(0, 0, bitmap.width, bitmap.height)));
    show(output);
  });
`;

const soundReader = `  document.getElementById('file').addEventListener('change', async ({ target }) => {
    // Decoding gives samples at the rate of the context, which is the model's.
    const context = new OfflineAudioContext(1, 1, steps[0].sampleRate);
    const sound = await context.decodeAudioData(await target.files[0].arrayBuffer());
    const [output] = await model.run({ samples: sound.getChannelData(0) });
    show(output);
  });
`;

const server = `// Serves this folder at http://localhost:8080. Written by Espalier.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const port = Number(process.env.PORT ?? 8080);

createServer(async ({ url }, response) => {
  const { pathname } = new URL(url, 'http://localhost');
  const file = path.join(import.meta.dirname, decodeURIComponent(pathname === '/' ? '/index.html' : pathname));
  try {
    if (!file.startsWith(import.meta.dirname + path.sep)) throw new Error('outside the folder');
    const contents = await readFile(file);
    response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' }).end(contents);
  } catch {
    response.writeHead(404).end();
  }
}).listen(port, 'localhost', () => console.log(\`http://localhost:\${port}\`));
`;
