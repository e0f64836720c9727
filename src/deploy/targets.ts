import type { DeploymentTargetId } from '../shared/deployment.ts';
import type { DeployedFile, DeploymentPlan, MicroPlan } from './plan.ts';
import { androidFiles } from './targets/android.ts';
import { arduinoFiles } from './targets/arduino.ts';
import { espIdfFiles } from './targets/esp-idf.ts';
import { iosFiles } from './targets/ios.ts';
import { tflmFiles } from './targets/tflm.ts';
import { webFiles } from './targets/web.ts';
import { zephyrFiles } from './targets/zephyr.ts';

export type DeploymentTarget =
  | {
      readonly runtime: 'tflm';
      /** Whether the library that is usual there has the decoder of packed files. Arduino's have none. */
      readonly decodes: boolean;
      readonly files: (plan: MicroPlan) => readonly DeployedFile[];
    }
  /** LiteRT never decodes packed files. */
  | { readonly runtime: 'litert'; readonly decodes: false; readonly files: (plan: DeploymentPlan) => readonly DeployedFile[] };

/** One row for each target: what runs the model there, and how the files are made. */
export const deploymentTargets: Readonly<Record<DeploymentTargetId, DeploymentTarget>> = {
  tflm: { runtime: 'tflm', decodes: true, files: tflmFiles },
  arduino: { runtime: 'tflm', decodes: false, files: arduinoFiles },
  'esp-idf': { runtime: 'tflm', decodes: true, files: espIdfFiles },
  zephyr: { runtime: 'tflm', decodes: true, files: zephyrFiles },
  android: { runtime: 'litert', decodes: false, files: androidFiles },
  ios: { runtime: 'litert', decodes: false, files: iosFiles },
  web: { runtime: 'litert', decodes: false, files: webFiles },
};
