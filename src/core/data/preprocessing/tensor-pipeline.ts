import { EspalierError } from '../../errors.ts';
import { addNoise, linearMap } from './linear-map.ts';
import type { Pipeline, PipelineOptions } from './pipeline.ts';

/** Arrays and table rows: only scaled. */
export function tensorPipeline(options: PipelineOptions): Pipeline {
  const { name, shape = [], preprocessing, modelInputShape, remarks = [] } = options;
  const length = count(shape);
  if (modelInputShape !== undefined && count(modelInputShape) !== length) {
    throw new EspalierError(
      'invalid-data',
      `its examples are [${shape.join(', ')}], but the model takes [${modelInputShape.join(', ')}]${remarks.length === 0 ? '' : ` (${remarks.join('; ')})`}`,
      {
        where: name,
        fix: 'use the data that the model was trained on, or choose its columns or shape in the data spec',
      },
    );
  }
  const channels = shape[shape.length - 1] ?? 1;
  const map = linearMap(channels, preprocessing.scale ?? 1, preprocessing.offset ?? 0, options.normalisation);
  const uniform = map.scale.every((value) => value === map.scale[0]) && map.offset.every((value) => value === map.offset[0]);
  const [scale = 1] = map.scale;
  const [shift = 0] = map.offset;
  const { noise = 0 } = options.augmentation;
  return {
    inputShape: modelInputShape ?? shape,
    steps: {
      kind: 'tensor',
      inputShape: modelInputShape ?? shape,
      scale: uniform ? [scale] : Array.from(map.scale),
      offset: uniform ? [shift] : Array.from(map.offset),
    },
    prepare: (example) => {
      if (example.kind !== 'tensor')
        throw new EspalierError('invalid-data', `it holds ${example.kind} examples among arrays`, { where: name });
      return example.data;
    },
    finish: (numbers, output, offset, random) => {
      if (uniform) {
        for (let i = 0; i < length; i++) output[offset + i] = (numbers[i] ?? 0) * scale + shift;
      } else {
        for (let i = 0; i < length; i++)
          output[offset + i] = (numbers[i] ?? 0) * (map.scale[i % channels] ?? 1) + (map.offset[i % channels] ?? 0);
      }
      if (random !== undefined && noise > 0) addNoise(output, offset, length, noise, random);
    },
  };
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
