/** Published data sets that can be downloaded: their addresses, their checksums, and the data block that reads them. */
import type { DataSpec } from '../spec/data-spec.ts';

export const dataSetNames = ['mnist', 'fashion-mnist', 'cifar-10', 'speech-commands', 'imagenet'] as const;
export type DataSetName = (typeof dataSetNames)[number];

export interface DataSetFile {
  readonly url: string;
  readonly name: string;
  /** As its publisher or TensorFlow Datasets gives it: 64 hexadecimal digits, lower case. */
  readonly sha256: string;
}

export interface PublishedDataSet {
  readonly title: string;
  /** Page of the publisher, with the licence. */
  readonly page: string;
  /** Empty where the publisher gives them only on request. */
  readonly files: readonly DataSetFile[];
  /** How to get the data manually, and the folders that must exist then. */
  readonly byHand?: { readonly folders: readonly string[]; readonly steps: readonly string[] };
  /** For a recipe next to the folder. */
  spec(folder: string): DataSpec;
}

function idxFiles(
  base: string,
  digests: readonly [trainImages: string, trainLabels: string, testImages: string, testLabels: string],
): readonly DataSetFile[] {
  const names = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];
  return names.map((name, index) => ({ url: `${base}${name}`, name, sha256: digests[index] ?? '' }));
}

export const catalogue: Readonly<Record<DataSetName, PublishedDataSet>> = {
  mnist: {
    title: 'MNIST',
    page: 'http://yann.lecun.com/exdb/mnist/',
    files: idxFiles('https://storage.googleapis.com/cvdf-datasets/mnist/', [
      '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    ]),
    spec: (folder) => ({ format: 'idx', folder }),
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    page: 'https://github.com/zalandoresearch/fashion-mnist',
    files: idxFiles('https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/', [
      '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
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
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
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
        sha256: 'af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58',
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
