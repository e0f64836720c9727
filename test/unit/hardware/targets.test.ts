import { describe, expect, it } from 'vitest';
import { boardNames, boards } from '../../../src/core/hardware/boards.ts';
import { chosenTarget, parseTarget, targetName } from '../../../src/core/hardware/targets.ts';

describe('targets', () => {
  it('are a core, an NPU or both, in any order', () => {
    expect(parseTarget('cortex-m4')).toEqual({ core: 'cortex-m4', npu: undefined, board: undefined });
    expect(parseTarget('Ethos-U55-128 + Cortex-M55')).toEqual({ core: 'cortex-m55', npu: 'ethos-u55-128', board: undefined });
    expect(targetName(parseTarget('ethos-u65-256'))).toBe('ethos-u65-256');
    expect(targetName(chosenTarget(undefined, undefined))).toBeUndefined();
  });

  it('of a board are its own, unless another one is given', () => {
    expect(targetName(chosenTarget(undefined, 'alif-e7'))).toBe('cortex-m55+ethos-u55-256');
    const other = chosenTarget('cortex-m55', 'alif-e7');
    expect([targetName(other), other.board?.name]).toEqual(['cortex-m55', 'alif-e7']);
  });

  it('that are not known are named, with what is', () => {
    expect(() => parseTarget('cortex-m55+ethos-u85-256')).toThrow(
      /"ethos-u85-256" is not known; give a core \(cortex-m4, .*an NPU \(ethos-u55-32/,
    );
    expect(() => parseTarget('cortex-m4+cortex-m7')).toThrow(/two of a kind/);
    expect(() => chosenTarget(undefined, 'esp32')).toThrow(/board "esp32": the board is not known; known are nano-33-ble-sense/);
  });

  it('about ten boards are known, each by a name of its own', () => {
    expect(new Set(boardNames()).size).toBe(boards.length);
    expect(boards.length).toBeGreaterThanOrEqual(10);
    for (const { ramBytes, flashBytes, clockHertz } of boards) expect(Math.min(ramBytes, flashBytes, clockHertz)).toBeGreaterThan(100_000);
  });
});
