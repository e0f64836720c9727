import { persistentBytes } from '../core/hardware/arena/persistent-bytes.ts';
import { planArena } from '../core/hardware/arena/plan-arena.ts';
import { floatOperator, tfliteMicroObstacles } from '../core/hardware/tflite-micro-kernels.ts';
import { EspalierError } from '../core/errors.ts';
import { microRegistration } from '../core/tflite/micro-operators.ts';
import { readTflite } from '../core/tflite/read-tflite.ts';
import type { TfliteModel } from '../core/tflite/tflite-model.ts';
import type { DeploymentPlan, MicroPlan } from './plan.ts';

/** Firmware may be built with any of them. Their scratch buffers differ, so the arena takes the largest. */
const kernelLibraries = ['reference', 'cmsis-nn', 'cmsis-nn-dsp', 'cmsis-nn-mve'] as const;

/** The plan with the operators and the arena that TFLite Micro needs. */
export function microPlan(plan: DeploymentPlan): MicroPlan {
  const model = readTflite(plan.model);
  const operators = model.subgraphs.flatMap((graph) => graph.operators);
  return {
    ...plan,
    registrations: [...new Set(operators.flatMap((operator) => microRegistration(operator) ?? []))].sort(),
    arena: {
      head: Math.max(...kernelLibraries.map((kernels) => planArena(model, kernels).bytes)),
      persistent: Math.max(...kernelLibraries.map((kernels) => persistentBytes(model, kernels).bytes)),
    },
  };
}

/**
 * Warns of a model that TFLite Micro runs badly.
 *
 * @throws EspalierError `unsupported-model` for a model that TFLite Micro does not run
 */
export function checkRunsInMicro(model: TfliteModel): readonly string[] {
  const [obstacle] = tfliteMicroObstacles(model);
  if (obstacle !== undefined)
    throw new EspalierError('unsupported-model', obstacle, { fix: 'or deploy to android, ios or web, where LiteRT runs the file' });
  const float = floatOperator(model);
  return float === undefined
    ? []
    : [
        `it computes in float from ${float} on, which is slow on most microcontrollers and takes four times the memory: deploy an int8 file`,
      ];
}
