import { describe, expect, it } from 'vitest';
import { profileTflite } from '../../../src/core/hardware/profile-tflite.ts';
import { chosenTarget } from '../../../src/core/hardware/targets.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { hardwarePart } from '../../../src/core/report/html/hardware-part.ts';
import { integerStructure } from '../../../src/core/tree/operations/integer-structure.ts';
import { formatBytes } from '../../../src/shared/drawing/format.ts';
import { hardwareFacts, operatorColumns } from '../../../src/shared/drawing/hardware-text.ts';

const bytes = integerStructure(mnistCnn({ seed: 1 }));
const profile = (target?: string, board?: string) => profileTflite({ file: 'a', bytes, target: chosenTarget(target, board) });

describe('what a file needs, in words', () => {
  it('without a target: RAM and flash, and operators without cycles', () => {
    const any = profile();
    const facts = new Map(hardwareFacts(any));
    expect(facts.get('Target')).toBe('any microcontroller');
    expect(facts.get('RAM')).toBe(`≈ ${formatBytes(any.ram.arenaBytes)} of tensor arena, most at ${any.ram.peakOperator}`);
    expect([...facts.keys()]).not.toContain('Cycles');
    expect(operatorColumns(any).map(({ title }) => title)).toEqual(['Name', 'Operation', 'Parameters', 'MACs']);
  });

  it('on a board with an NPU: whether it fits, encoded weights, cycles of each operator and where it runs', () => {
    const onBoard = profile(undefined, 'alif-e7');
    const facts = new Map(hardwareFacts(onBoard));
    expect(facts.get('Board')).toMatch(/^fits Alif Ensemble E7/);
    expect(facts.get('Encoded weights')).toMatch(/, ethos-u55-256 \(an estimate\)$/);
    expect(facts.get('Cycles')).toMatch(/^≈ [\d,]+ of the NPU, ≈ 0\.0\d+ ms$/);
    const rows = onBoard.operators.map((operator) => operatorColumns(onBoard).map(({ cell }) => cell(operator)));
    expect(rows.map((row) => row.at(-1))).toEqual(onBoard.operators.map(() => 'NPU'));
    expect(rows.reduce((sum, row) => sum + Number((row[3] ?? '').replaceAll(',', '')), 0)).toBe(onBoard.macs);
  });

  it('in a report: facts, the arena as a drawing, a row for each operator', () => {
    const html = hardwarePart('QAT <1>', profile('cortex-m4'));
    expect(html).toContain('Of QAT &#60;1&#62;, from the bytes of its file.');
    expect(html).toMatch(/<svg xmlns="http:\/\/www.w3.org\/2000\/svg" class="arena"/);
    expect(html.match(/<th scope="row"/g)).toHaveLength(profile().operators.length);
  });
});
