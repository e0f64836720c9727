/** Colours of the editor's theme for a canvas, which style sheets do not reach. */
export interface GraphColours {
  readonly background: string;
  readonly node: string;
  readonly text: string;
  readonly line: string;
  readonly focus: string;
  readonly figure: string;
  readonly changed: string;
  readonly first: string;
  readonly second: string;
  readonly font: string;
}

export function readGraphColours(): GraphColours {
  const style = getComputedStyle(document.body);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const text = read('--vscode-editor-foreground', '#808080');
  const background = read('--vscode-editor-background', '#ffffff');
  return {
    background,
    node: read('--vscode-editorWidget-background', background),
    text,
    line: read('--vscode-contrastBorder', '') || read('--vscode-descriptionForeground', text),
    focus: read('--vscode-contrastActiveBorder', '') || read('--vscode-focusBorder', text),
    figure: read('--vscode-charts-blue', text),
    changed: read('--vscode-charts-yellow', text),
    first: read('--vscode-charts-red', text),
    second: read('--vscode-charts-green', text),
    font: read('--vscode-font-family', 'sans-serif'),
  };
}
