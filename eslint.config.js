import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which top-level folders a folder may import from: dependencies point one way. */
const layers = {
  'src/shared': [],
  'src/core': ['shared'],
  'src/worker': ['core', 'shared'],
  'src/cli': ['core', 'shared', 'worker'],
  'src/extension': ['shared'],
  webview: ['shared'],
};
const folders = ['core', 'shared', 'worker', 'cli', 'extension', 'webview'];

/** Within core, what each folder may use; `program` knows nothing of networks, `network` nothing of engines. */
const coreFolders = [
  'program',
  'engine',
  'network',
  'import',
  'export',
  'models',
  'data',
  'constraints',
  'lowering',
  'train',
  'quantize',
  'techniques',
  'tflite',
  'measure',
  'tree',
  'report',
];
const coreForbidden = {
  program: coreFolders.filter((folder) => folder !== 'program'),
  network: coreFolders.filter((folder) => folder !== 'network'),
  engine: coreFolders.filter((folder) => folder !== 'engine' && folder !== 'program'),
  data: ['train', 'quantize', 'techniques', 'tflite', 'measure', 'tree', 'report', 'engine', 'program', 'constraints', 'import'],
  lowering: ['train', 'quantize', 'techniques', 'tflite', 'measure', 'tree', 'report', 'import', 'export', 'models', 'data', 'constraints'],
  constraints: ['train', 'techniques', 'tflite', 'measure', 'tree', 'report', 'data', 'import', 'engine'],
  train: ['techniques', 'tflite', 'measure', 'tree', 'report', 'import'],
  quantize: ['train', 'techniques', 'tflite', 'measure', 'tree', 'report', 'import'],
  tflite: ['techniques', 'train', 'measure', 'tree', 'report', 'import', 'data'],
  techniques: ['tflite', 'tree', 'report', 'import'],
  measure: ['techniques', 'tree', 'report', 'import'],
};

const forbid = (names, message) => ({
  'no-restricted-imports': ['error', { patterns: names.map((name) => ({ regex: name, message })) }],
});

const layerRules = Object.entries(layers).map(([folder, allowed]) => {
  const own = folder.replace('src/', '');
  const forbidden = folders.filter((name) => name !== own && !allowed.includes(name)).map((name) => `^(\\.\\./)+(src/)?${name}/`);
  if (folder !== 'src/extension') forbidden.push('^vscode$');
  return { files: [`${folder}/**/*.ts`], rules: forbid(forbidden, `${own} may import only from ${[own, ...allowed].join(', ')}`) };
});

// Also restates the layers' rule: in flat configuration the last matching entry of a rule replaces the earlier ones.
const coreRules = Object.entries(coreForbidden).map(([folder, forbidden]) => ({
  files: [`src/core/${folder}/**/*.ts`],
  rules: forbid(
    ['^vscode$', '^(\\.\\./)+(worker|cli|extension|webview)/', ...forbidden.map((name) => `^(\\.\\./)+${name}/`)],
    `core/${folder} must not depend on this: see the layers in docs/architecture.md`,
  ),
}));

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
  ...layerRules,
  ...coreRules,
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
