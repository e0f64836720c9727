import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

import { layerPlugin } from './scripts/layer-rule.mjs';

/** Within core, what each folder may use besides `src/shared` and the files directly in `src/core`: dependencies point one way. */
const core = {
  protobuf: [],
  program: [],
  network: [],
  engine: ['protobuf', 'program'],
  data: ['network'],
  models: ['network'],
  constraints: ['program', 'network'],
  lowering: ['program', 'engine', 'network'],
  scoring: ['data'],
  quantize: ['program', 'engine', 'network', 'data', 'constraints', 'lowering'],
  tflite: ['network', 'quantize'],
  import: ['protobuf', 'network', 'tflite'],
  export: ['network', 'import'],
  train: ['program', 'engine', 'network', 'data', 'scoring', 'constraints', 'lowering', 'quantize'],
  measure: ['engine', 'network', 'data', 'scoring', 'constraints', 'lowering', 'quantize', 'tflite'],
  hardware: ['tflite'],
  task: ['engine', 'network', 'data', 'lowering', 'program', 'train'],
  techniques: [
    'program',
    'engine',
    'network',
    'data',
    'scoring',
    'constraints',
    'lowering',
    'quantize',
    'tflite',
    'train',
    'measure',
    'hardware',
  ],
  sensitivity: [
    'program',
    'engine',
    'network',
    'data',
    'constraints',
    'lowering',
    'quantize',
    'tflite',
    'measure',
    'hardware',
    'techniques',
  ],
  search: ['hardware', 'sensitivity'],
  tree: [
    'engine',
    'network',
    'data',
    'task',
    'scoring',
    'constraints',
    'quantize',
    'tflite',
    'import',
    'train',
    'measure',
    'hardware',
    'techniques',
    'sensitivity',
    'search',
  ],
  report: ['measure', 'tree'],
  create: ['engine', 'network', 'data', 'models', 'export', 'task', 'train', 'measure', 'tree'],
  example: ['engine', 'network', 'data', 'models', 'export', 'train', 'measure', 'tree'],
};
const coreFolders = Object.keys(core).map((folder) => `src/core/${folder}`);

/** Each folder of the sources and the folders that it may import from. A test holds that none is missing and that no two depend on each other. */
export const layers = {
  'src/shared': [],
  'src/core': ['src/shared'],
  ...Object.fromEntries(
    Object.entries(core).map(([folder, uses]) => [
      `src/core/${folder}`,
      ['src/shared', 'src/core', ...uses.map((name) => `src/core/${name}`)],
    ]),
  ),
  'src/execution': ['src/shared', 'src/core', ...coreFolders],
  'src/deploy': ['src/shared', 'src/core', ...coreFolders],
  'src/worker': ['src/shared', 'src/core', ...coreFolders, 'src/execution', 'src/deploy'],
  'src/cli': ['src/shared', 'src/core', ...coreFolders, 'src/execution', 'src/deploy', 'src/worker'],
  'src/extension': ['src/shared'],
  webview: ['src/shared'],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.cache/', 'out/', '.vscode-test/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  prettier,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  { files: ['src/**/*.ts', 'webview/**/*.ts'], plugins: { espalier: layerPlugin }, rules: { 'espalier/layers': ['error', layers] } },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'core knows nothing of processes' },
        { name: 'console', message: 'core knows nothing of consoles' },
      ],
    },
  },
  // A test that meets undefined should fail there, loudly; checking for it first would only hide the line.
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  {
    files: ['scripts/**/*.mjs', 'test/**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly', setTimeout: 'readonly', Buffer: 'readonly' },
    },
  },
);
