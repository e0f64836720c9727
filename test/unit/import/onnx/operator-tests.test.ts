/** ONNX's own tests of its operators, where ESPALIER_ONNX_TESTS names their folder (see scripts/onnx-operators.ts). */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import { operatorNames } from '../../../../src/core/import/onnx/operators/operator-table.ts';
import { runOperatorTests } from '../../../support/onnx-operator-tests.ts';

const folder = process.env['ESPALIER_ONNX_TESTS'];

describe.skipIf(folder === undefined)('ONNX’s tests of its operators', () => {
  it('are passed or refused, never computed wrong', { timeout: 600_000 }, async () => {
    const tests = await runOperatorTests(
      folder ?? '',
      new Set(operatorNames),
      await createEngine({ name: 'onnxruntime-node', threads: 1 }),
    );
    expect(tests.filter(({ outcome }) => outcome === 'wrong')).toEqual([]);
    expect(tests.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(400);
  });
});
