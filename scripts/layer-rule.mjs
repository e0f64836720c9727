import path from 'node:path';

/** The row of `table` that holds `file` (relative to the project, with `/`): the longest folder that it lies in. */
const rowOf = (table, file) => {
  const holds = Object.keys(table).filter((folder) => file.startsWith(`${folder}/`));
  return holds.sort((a, b) => b.length - a.length)[0];
};

/** What is wrong with an import of `specifier` in the file `from` (relative to the project), or undefined. */
export function layerViolation(table, from, specifier) {
  const row = rowOf(table, from);
  if (row === undefined) return `${from} lies in no folder of the table of layers in eslint.config.js: add a row for its folder`;
  if (specifier === 'vscode') return row === 'src/extension' ? undefined : `${row} must not import vscode: only src/extension may`;
  if (!specifier.startsWith('.') || specifier.endsWith('.json')) return undefined;
  const target = path.posix.join(path.posix.dirname(from), specifier);
  const targetRow = rowOf(table, target);
  if (targetRow !== undefined && (targetRow === row || table[row].includes(targetRow))) return undefined;
  return `${row} must not import from ${targetRow ?? target}: it may import from ${table[row].join(', ') || 'no other folder'} (the layers in eslint.config.js)`;
}

/** An ESLint plugin with one rule, `layers`, whose option is the table: folder -> folders that it may import from. */
export const layerPlugin = {
  rules: {
    layers: {
      meta: { type: 'problem', schema: [{ type: 'object' }] },
      create(context) {
        const from = path.relative(context.cwd, context.filename).split(path.sep).join('/');
        const check = (node) => {
          const specifier = node?.value;
          if (typeof specifier !== 'string') return;
          const message = layerViolation(context.options[0], from, specifier);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration: (node) => check(node.source),
          ExportNamedDeclaration: (node) => check(node.source),
          ExportAllDeclaration: (node) => check(node.source),
          ImportExpression: (node) => check(node.source),
          TSImportType: (node) => check(node.source),
        };
      },
    },
  },
};
