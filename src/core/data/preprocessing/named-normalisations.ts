import type { NamedNormalisation, Normalisation } from './preprocessing.ts';

/** Mean and deviation that models were trained with again and again, of values from 0 to 1. */
const namedNormalisations = {
  /** torchvision's models: its `transforms.Normalize` of ImageNet. */
  imagenet: { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] },
  /** Of CIFAR-10's training images. */
  cifar10: { mean: [0.4914, 0.4822, 0.4465], standardDeviation: [0.247, 0.2435, 0.2616] },
  /** Of MNIST's training images, as PyTorch's example has it. */
  mnist: { mean: [0.1307], standardDeviation: [0.3081] },
  /** To -1..1. */
  inception: { mean: [0.5], standardDeviation: [0.5] },
} satisfies Readonly<Record<NamedNormalisation, Normalisation>>;

export function normalisationNamed(name: NamedNormalisation): Normalisation {
  return namedNormalisations[name];
}
