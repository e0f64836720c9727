import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provenanceFor, readProvenance } from '../../../scripts/results/provenance.ts';
import type { Studies } from '../../../scripts/results/studies.ts';

const studies: Studies = { baselines: { 'models/a.keras': { create: [] } }, studies: [], notes: [], notRun: [], throughput: [] };

describe('the commit of the results', () => {
  let root = '';
  let cleaned = 0;
  const clean = (): void => void cleaned++;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: root, encoding: 'utf8' }).trim();
  const change = (text: string): void => writeFileSync(path.join(root, 'src', 'a.ts'), text);
  const baseline = (): string => path.join(root, 'examples', 'guide', 'models', 'a.keras');

  beforeEach(() => {
    cleaned = 0;
    root = mkdtempSync(path.join(tmpdir(), 'espalier-provenance-'));
    for (const folder of ['src', 'examples/guide/models']) mkdirSync(path.join(root, folder), { recursive: true });
    writeFileSync(path.join(root, '.gitignore'), '.espalier/\nexamples/guide/models/\n');
    change('1');
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'a');
    writeFileSync(baseline(), 'trained');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('stays the same from call to call, with what was trained', () => {
    expect(readProvenance(root)).toBeUndefined();
    const first = provenanceFor(root, studies, clean, 5);
    expect(first).toEqual({ commit: git('rev-parse', '--short=7', 'HEAD'), since: 5 });
    writeFileSync(baseline(), 'trained');
    expect(provenanceFor(root, studies, clean, 9)).toEqual(first);
    expect(readProvenance(root)).toEqual(first);
    expect([cleaned, existsSync(baseline())]).toEqual([1, true]);
  });

  it('begins anew at another commit: no cached stage and no baseline of older code is used', () => {
    provenanceFor(root, studies, clean, 5);
    writeFileSync(baseline(), 'trained');
    change('2');
    git('commit', '-qam', 'b');
    expect(provenanceFor(root, studies, clean, 9)).toEqual({ commit: git('rev-parse', '--short=7', 'HEAD'), since: 9 });
    expect([cleaned, existsSync(baseline())]).toEqual([2, false]);
  });

  it('refuses sources that no commit has', () => {
    change('2');
    expect(() => provenanceFor(root, studies, clean, 5)).toThrow(/commit or undo these changes first:\n M src\/a\.ts/);
    expect(cleaned).toBe(0);
  });
});
