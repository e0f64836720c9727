import { EspalierError } from '../../errors.ts';

/** Cells of a CSV text (RFC 4180: quotes around cells, doubled within; lines end as on any system); empty lines are left out. */
export function csvRows(text: string, separator: string, where: string): readonly (readonly string[])[] {
  if (separator.length !== 1 || separator === '"')
    throw new EspalierError('invalid-data', `${JSON.stringify(separator)} cannot separate cells`, {
      where: 'data.separator',
      fix: 'give one character, such as "," or ";"',
    });
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(cell);
    cell = '';
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text.charAt(i + 1) === '"') cell += text.charAt(i++);
      else quoted = false;
    } else if (character === '"' && cell === '') {
      quoted = true;
    } else if (character === separator) {
      row.push(cell);
      cell = '';
    } else if (character === '\n' || character === '\r') {
      endRow();
      if (character === '\r' && text.charAt(i + 1) === '\n') i++;
    } else {
      cell += character;
    }
  }
  if (quoted) throw new EspalierError('invalid-data', 'a quoted cell is not closed', { where, fix: 'add the missing quotation mark' });
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}
