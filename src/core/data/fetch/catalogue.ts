/** Published data sets that can be downloaded: where they lie, what they must hash to, and how a recipe reads them. */
import type { DataSpec } from '../spec/data-spec.ts';

export const dataSetNames = ['mnist', 'fashion-mnist', 'cifar-10', 'speech-commands', 'imagenet'] as const;
export type DataSetName = (typeof dataSetNames)[number];

export interface DataSetFile {
  readonly url: string;
  readonly name: string;
  /** As its publisher gives it. */
  readonly checksum: Checksum;
}

export interface Checksum {
  readonly algorithm: 'md5' | 'sha256';
  /** Hexadecimal, lower case. */
  readonly digest: string;
}

export interface PublishedDataSet {
  readonly title: string;
  /** Page of the publisher, with the licence. */
  readonly page: string;
  /** None where the publisher gives them only to those who ask. */
  readonly files: readonly DataSetFile[];
  /** How to get the data by hand, and the folders that must then be there. */
  readonly byHand?: { readonly folders: readonly string[]; readonly steps: readonly string[] };
  /** For a recipe next to the folder. */
  spec(folder: string): DataSpec;
}

const md5 = (digest: string): Checksum => ({ algorithm: 'md5', digest });

function idxFiles(
  base: string,
  digests: readonly [trainImages: string, trainLabels: string, testImages: string, testLabels: string],
): readonly DataSetFile[] {
  const names = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];
  return names.map((name, index) => ({ url: `${base}${name}`, name, checksum: md5(digests[index] ?? '') }));
}

export const catalogue: Readonly<Record<DataSetName, PublishedDataSet>> = {
  mnist: {
    title: 'MNIST',
    page: 'http://yann.lecun.com/exdb/mnist/',
    files: idxFiles('https://ossci-datasets.s3.amazonaws.com/mnist/', [
      'f68b3c2dcbeaaa9fbdd348bbdeb94873',
      'd53e105ee54ea40749a09fcbcd1e9432',
      '9fb629c4189551a2d022fa330f9573f3',
      'ec29112dd5afa0611ce80d1b7f02629c',
    ]),
    spec: (folder) => ({ format: 'idx', folder }),
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    page: 'https://github.com/zalandoresearch/fashion-mnist',
    files: idxFiles('http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', [
      '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      '25c81989df183df01b3e8a0aad5dffbe',
      'bef4ecab320f06d8554ea6380940ec79',
      'bb300cfdad3c16e7a12a480ee83cd310',
    ]),
    spec: (folder) => ({
      format: 'idx',
      folder,
      classNames: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
    }),
  },
  'cifar-10': {
    title: 'CIFAR-10 (binary version)',
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    files: [
      {
        url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
        name: 'cifar-10-binary.tar.gz',
        checksum: md5('c32a1d4ab5d03f1284b67883e8d87530'),
      },
    ],
    spec: (folder) => ({ format: 'cifar-binary', folder: `${folder}/cifar-10-binary.tar.gz` }),
  },
  'speech-commands': {
    title: 'Speech Commands v2',
    page: 'https://arxiv.org/abs/1804.03209',
    files: [
      {
        url: 'https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz',
        name: 'speech_commands_v0.02.tar.gz',
        checksum: { algorithm: 'sha256', digest: 'af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58' },
      },
    ],
    spec: (folder) => ({
      format: 'audio',
      folder: `${folder}/speech_commands_v0.02.tar.gz`,
      split: 'speech-commands',
      // The order of MLPerf Tiny's keyword spotting models.
      classes: ['down', 'go', 'left', 'no', 'off', 'on', 'right', 'stop', 'up', 'yes', 'silence', 'unknown'],
      silence: { class: 'silence' },
      unknown: { class: 'unknown' },
      augmentation: { timeShiftMilliseconds: 100, backgroundNoise: {} },
    }),
  },
  imagenet: {
    title: 'ImageNet (ILSVRC 2012)',
    page: 'https://www.image-net.org/download.php',
    files: [],
    byHand: {
      folders: ['train', 'val'],
      steps: [
        'ask for access at https://www.image-net.org/download.php: its terms allow no other download',
        'download ILSVRC2012_img_train.tar (md5 1d675b47d978889d74fa0da5fadfb00e) and ILSVRC2012_img_val.tar (md5 29b22e2961454d5413ddabcf34fc5622)',
        'unpack the archive of each class of the training set into train/<synset>/, such as train/n01440764/',
        'unpack the validation set and move each image into val/<synset>/, as ILSVRC2012_validation_ground_truth.txt of the development kit says',
      ],
    },
    spec: (folder) => ({
      format: 'images',
      train: `${folder}/train`,
      test: `${folder}/val`,
      preprocessing: { fit: 'cover', centreCrop: 0.875, scale: 1 / 127.5, offset: -1 },
      augmentation: { flip: true },
    }),
  },
};
