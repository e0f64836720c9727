/** Layers that only act in training. */
import { type LayerConverter, type LayerConverters, onlyInput } from '../layer-converter.ts';

const dropout: LayerConverter = (context) => context.builder.dropout(context.layer, onlyInput(context), context.config.number('rate', 0));
const identity: LayerConverter = (context) => onlyInput(context);

const augmentation: LayerConverter = (context) => {
  context.warn(`layer "${context.layer}": ${context.className} acts in training only and is left out; augment the data set instead`);
  return onlyInput(context);
};

export const identityLayers: LayerConverters = {
  Dropout: dropout,
  SpatialDropout1D: dropout,
  SpatialDropout2D: dropout,
  AlphaDropout: dropout,
  GaussianDropout: dropout,
  GaussianNoise: identity,
  ActivityRegularization: identity,
  Identity: identity,
  RandomFlip: augmentation,
  RandomRotation: augmentation,
  RandomZoom: augmentation,
  RandomTranslation: augmentation,
  RandomContrast: augmentation,
  RandomBrightness: augmentation,
  RandomHeight: augmentation,
  RandomWidth: augmentation,
};
