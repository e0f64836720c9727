/** Light and dark follow the reader's system; printed pages are light. */
export const styleSheet = `
:root { color-scheme: light dark; --text: #1f1f1f; --page: #ffffff; --quiet: #5a5a5a; --line: #6e6e6e; --rule: #d0d0d0; --plain: #ffffff; --fine-tuned: #d5f0d5; --collaborative: #c72e2e; --bars: #2f6db5; --integer: #8a4fbf; --front: #8f6a00; --limit: #0f7a5a; --failed: #b3261e; --passed: #1d6b1d; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --page: #1b1b1b; --quiet: #b0b0b0; --line: #9a9a9a; --rule: #444444; --plain: #2a2a2a; --fine-tuned: #1f4524; --collaborative: #ff8080; --bars: #6aa7ee; --integer: #c79cf0; --front: #dcb03c; --limit: #6fd3ae; --failed: #ff9a92; --passed: #86d686; } }
@media print { :root { color-scheme: light; } details > * { display: block; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 1440px; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1, dd { overflow-wrap: anywhere; } h1 { font-size: 1.7rem; margin-bottom: .3rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--rule); } h3 { margin-top: 1.8rem; } h4 { margin-bottom: .2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; } dt { color: var(--quiet); } dd { margin: 0; }
.wide { overflow-x: auto; } .wide table { font-size: .9rem; } .wide:focus-visible, summary:focus-visible { outline: 2px solid var(--bars); outline-offset: 2px; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; } caption { text-align: left; color: var(--quiet); padding-bottom: .3rem; }
th, td { text-align: left; padding: .25rem .45rem; border-bottom: 1px solid var(--rule); white-space: nowrap; } thead th { border-bottom: 2px solid var(--line); } tbody th { font-weight: normal; } .number { text-align: right; }
.panels { display: flex; flex-wrap: wrap; gap: .8rem; } figure { margin: 0; max-width: 100%; } figcaption { font-size: .85rem; color: var(--quiet); max-width: 230px; } 
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; } pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--rule); font-size: .85rem; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--text); font: 11px system-ui, sans-serif; }
.series-0 { --series: var(--bars); } .series-1 { --series: var(--integer); } .series-2 { --series: var(--front); } .series-3 { --series: var(--limit); } .series-4 { --series: var(--failed); } .series-5 { --series: var(--text); } .series-quiet { --series: var(--line); }
.chart .axis { fill: none; stroke: var(--line); } .chart .grid { fill: none; stroke: var(--rule); stroke-width: .5; } .chart .bars, .chart .points, .chart .star { fill: var(--series); } .chart .star { stroke: var(--text); } .chart .hollow { fill: var(--page); stroke: var(--series); stroke-width: 2; } .chart .rings { fill: none; stroke: var(--series); stroke-width: 1.6; }
.chart .line { fill: none; stroke: var(--series); stroke-width: 1.6; } .chart .dashed { stroke-dasharray: 6 4; } .chart .faint { opacity: .35; } .chart .cut { fill: none; stroke: var(--page); stroke-width: 2.5; }
.plot-legend { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; list-style: none; padding: 0; font-size: .85rem; } .plot-legend svg { vertical-align: middle; margin-right: .35rem; }
.deployment-tree { min-width: 900px; } .deployment-tree .edge { stroke: var(--line); } .deployment-tree .box { fill: var(--plain); stroke: var(--line); stroke-width: 1.5; } .deployment-tree .fine-tuned .box { fill: var(--fine-tuned); } .deployment-tree .collaborative .box { stroke: var(--collaborative); } .deployment-tree .leaf-mark { fill: var(--line); } .deployment-tree .title { font-weight: 600; }
.deployment-tree .failed .status, .failed { color: var(--failed); fill: var(--failed); } .passed { color: var(--passed); }
svg.arena { max-width: none; } .arena .buffer { fill: var(--bars); fill-opacity: .55; stroke: var(--line); } .arena .buffer.decoded { fill: var(--integer); } .arena .buffer.scratch { fill: var(--front); } .arena .peak { fill: var(--failed); fill-opacity: .12; } .arena .axis { fill: none; stroke: var(--line); }
.legend { columns: 2 24rem; font-size: .9rem; }
`;
