/** Nodes of a task with several outputs, output by output. */
import { formatQuality, qualityTable } from '../qualities.ts';
import type { OutputQuality } from '../results.ts';
import type { ModelState } from '../run-state.ts';
import { formatDecibels, missing } from './format.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export interface OutputTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Undefined where no node has more than one output. */
export function outputTable(model: ModelState, translate: Translate): OutputTable | undefined {
  const rows = [...model.nodes.values()].flatMap(({ node, metrics }) =>
    (metrics?.deployed?.outputs ?? []).map((output) => [
      nodeTitle(node.title, translate),
      output.name,
      translate(qualityTable[output.measure].title),
      shown(metrics?.simulated?.outputs?.find(({ name }) => name === output.name)),
      shown(output),
      output.cosine === undefined ? missing : formatDecibels(output.sqnr),
    ]),
  );
  if (rows.length === 0) return undefined;
  return {
    titles: [
      translate('Model'),
      translate('Output'),
      translate('Measure'),
      translate('Training engine'),
      translate('.tflite in LiteRT'),
      translate(qualityTable.SQNR.title),
    ],
    rows,
  };
}

function shown(output: OutputQuality | undefined): string {
  return output === undefined ? missing : formatQuality(output.measure, qualityTable[output.measure].value(output));
}
