/** Colours of the editor's theme, read from the CSS variables that it gives to the page. */
export interface ThemeColours {
  readonly foreground: string;
  readonly grid: string;
  readonly background: string;
  readonly series: readonly string[];
}

const seriesVariables = [
  '--vscode-charts-blue',
  '--vscode-charts-green',
  '--vscode-charts-yellow',
  '--vscode-charts-purple',
  '--vscode-charts-red',
  // Not the charts' orange: it is the half transparent mark of a search result.
  '--vscode-editor-foreground',
];
/** How many series have a colour of their own. */
export const seriesColours = seriesVariables.length;

let current: ThemeColours | undefined;

/** Read once for each theme: asking for computed styles makes the browser lay out the page. */
export function themeColours(): ThemeColours {
  current ??= readColours();
  return current;
}

function readColours(): ThemeColours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = read('--vscode-editor-foreground', '#888888');
  return {
    foreground,
    // High-contrast themes have a border colour for this; the others a faint ruler.
    grid: read('--vscode-contrastBorder', '') || read('--vscode-editorIndentGuide-background1', 'rgba(128, 128, 128, 0.3)'),
    background: read('--vscode-editor-background', 'transparent'),
    series: seriesVariables.map((name) => read(name, foreground)),
  };
}

/** Calls back when the user changes the theme; the editor then rewrites the variables and the body's class. */
export function onThemeChange(listener: () => void): void {
  const changed = (): void => {
    current = undefined;
    listener();
  };
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
