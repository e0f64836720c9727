import { expect, it } from 'vitest';
import { visible } from '../../../src/cli/terminal.ts';
import { csvCell } from '../../../src/shared/csv-cell.ts';
import { escapeMarkdown } from '../../../src/shared/drawing/result-table.ts';

it.each([
  ['plain', 'plain'],
  ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
  ['+1', "'+1"],
  ['-cmd', "'-cmd"],
  ['@sum', "'@sum"],
  ['\n=1', '"\'\n=1"'],
  [-0.5, '-0.5'],
  [undefined, ''],
  ['a,b', '"a,b"'],
])('the CSV cell of %j is %s: text is no formula, numbers are numbers', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

it('Markdown and HTML in names are shown as they are', () => {
  expect(escapeMarkdown('a|b <img src=x> [l](u) `c` *d*\ne')).toBe('a\\|b &lt;img src=x> \\[l\\](u) \\`c\\` \\*d\\* e');
});

it('control characters in names are shown, not obeyed by the terminal', () => {
  expect(visible('a\u001b]0;title\u0007b\u009b2J\tc\n')).toBe('a\\u001b]0;title\\u0007b\\u009b2J\tc\n');
  expect(visible('\u202egpj.exe')).toBe('\\u202egpj.exe');
});
