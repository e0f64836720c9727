export interface SlurmCluster {
  /** For every command of Slurm. */
  readonly environment: { readonly SLURM_CONF: string };
  readonly folder: string;
  readonly nodes: readonly string[];
  /** As when the machine fails: the daemon and the jobs on it are gone at once. */
  killNode(node: string): Promise<void>;
  startNode(node: string): void;
  stop(): Promise<void>;
}

/** `memory` in MiB of each node. */
export function startSlurmCluster(options?: { readonly nodes?: number; readonly memory?: number }): Promise<SlurmCluster>;

/** One that another process has started. */
export function slurmCluster(folder: string, nodes: number): SlurmCluster;
