export const style = `
:root { color-scheme: light dark; --text: #1f1f1f; --background: #ffffff; --muted: #5c5c5c; --rule: #d0d0d0; --failed: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --background: #1b1b1d; --muted: #a8a8a8; --rule: #444444; --failed: #ff8a80; } }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--background); }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--rule); }
.provenance, .legend, small { color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92em; }
th, td { padding: 0.25em 0.7em; border-bottom: 1px solid var(--rule); text-align: left; font-weight: normal; white-space: nowrap; }
thead th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 240px; }
figure svg { width: 100%; height: auto; }
figcaption { font-size: 0.85em; }
summary { cursor: pointer; padding: 0.3em 0; }
pre { padding: 1em; overflow-x: auto; border: 1px solid var(--rule); border-radius: 4px; }
.failed { color: var(--failed); }
:focus-visible { outline: 2px solid #3b78c4; outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  .deployment-tree .box { fill: #2a2a2d; stroke: #9a9a9a; }
  .deployment-tree .fine-tuned .box { fill: #1f3d24; }
  .deployment-tree .collaborative .box { stroke: #ff7b72; }
  svg text { fill: var(--text); }
  .bars { fill: #79b0ef; } .line { stroke: #79b0ef; }
}
`;
