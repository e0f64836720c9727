export interface TextColumn {
  readonly title: string;
  readonly numeric?: boolean;
}

/** Columns as wide as their widest cell, numbers to the right, a rule under the titles. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, column) => Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[column] ?? ''))));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ numeric = false }, column) => {
        const cell = cells[column] ?? '';
        const padding = ' '.repeat((widths[column] ?? 0) - displayWidth(cell));
        return numeric ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Of text without wide characters: combining marks aside, each code point takes one cell. */
function displayWidth(text: string): number {
  return [...text].length;
}

const longestName = 56;

/** Converters fuse the names of all layers that they merged into one: the first tells enough in a table. */
export function shortName(name: string): string {
  const [first = ''] = name.split(';');
  const short = first.length < name.length ? `${first};…` : name;
  return short.length <= longestName ? short : `${short.slice(0, 24)}…${short.slice(25 - longestName)}`;
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
