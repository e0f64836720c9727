/** Where a file can be deployed to, and what `espalier deploy` says; the JSON of `--json`, versioned. */
export const DEPLOYMENT_VERSION = 1;

export type DeploymentTargetId = 'tflm' | 'arduino' | 'esp-idf' | 'zephyr' | 'android' | 'ios' | 'web';

/** Proper names, the same in every language. */
export const deploymentTargetTitles: Readonly<Record<DeploymentTargetId, string>> = {
  tflm: 'TFLite Micro',
  arduino: 'Arduino',
  'esp-idf': 'ESP-IDF',
  zephyr: 'Zephyr',
  android: 'Android',
  ios: 'iOS',
  web: 'Web',
};

export const deploymentTargetIds: readonly DeploymentTargetId[] = Object.keys(deploymentTargetTitles).filter(isDeploymentTarget);

export function isDeploymentTarget(id: string): id is DeploymentTargetId {
  return Object.hasOwn(deploymentTargetTitles, id);
}

export interface Deployment {
  /** Absolute paths. */
  readonly file: string;
  readonly output: string;
  readonly target: DeploymentTargetId;
  /** A data block, or the path of a file with one: its preprocessing and its first test example. */
  readonly data?: object | string | undefined;
  /** Begins every symbol; default: the file's name. */
  readonly name?: string | undefined;
}

export interface DeploymentResult {
  readonly version: typeof DEPLOYMENT_VERSION;
  readonly target: DeploymentTargetId;
  readonly output: string;
  readonly name: string;
  /** Relative to the folder, with slashes. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}
