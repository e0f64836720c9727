import type { RunFinished } from './events.ts';
import type { Accuracy, NodeMetrics } from './results.ts';
import type { NodeState, TreeNode } from './tree.ts';

export const REPORT_VERSION = 1;

/** What `espalier report --format json` writes. Fields are added, never changed in meaning, within a version. */
export interface RunReport {
  readonly version: typeof REPORT_VERSION;
  readonly runId: string;
  /** Path of the recipe. */
  readonly recipe: string;
  /** Version of Espalier. */
  readonly espalier: string;
  /** What trained, with version, provider and threads. */
  readonly engine: string;
  /** What the .tflite files were measured in. */
  readonly runtime: string;
  readonly machine: string;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number | undefined;
  /** Milliseconds since the epoch; missing while the run goes on. */
  readonly finishedAt?: number | undefined;
  /** Missing while the run goes on, and when it was killed. */
  readonly outcome?: RunFinished['outcome'] | undefined;
  readonly reason: string;
  readonly models: readonly ModelReport[];
}

export interface ModelReport {
  readonly model: string;
  /** Parents before children. */
  readonly nodes: readonly NodeReport[];
}

export interface NodeReport extends Omit<TreeNode, 'children'> {
  /** Id of the parent; missing for the trained model. */
  readonly parent?: string | undefined;
  readonly state: NodeState;
  /** Path of the .tflite relative to the run folder. */
  readonly tflite?: string | undefined;
  /** Missing until the node is done. Accuracies are fractions; sizes are bytes. */
  readonly metrics?: ReportedMetrics | undefined;
}

/** Figures that were not measured are missing. Densities and curves are in the run folder. */
export type ReportedMetrics = Partial<Omit<NodeMetrics, 'curve' | 'simulated' | 'deployed'>> & {
  readonly simulated?: ReportedAccuracy | undefined;
  readonly deployed?: ReportedAccuracy | undefined;
};

/** The confusion matrix is in the run folder. */
export type ReportedAccuracy = Partial<Omit<Accuracy, 'confusion' | 'samples' | 'runtime'>> & Pick<Accuracy, 'samples' | 'runtime'>;
