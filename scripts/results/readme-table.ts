/** The table of the README: figures of docs/results.md, and nothing that is not there. */

/** Everything between these is replaced by `npm run results`, also with `--render`. */
const begin = '<!-- results -->';
const end = '<!-- /results -->';

const controlRow = 'Fine-tuned model (float control)';
const leafRow = 'QAT pruned, clustered model';

interface Shown {
  /** Heading of the section in docs/results.md. */
  readonly section: string;
  readonly network: { readonly en: string; readonly zh: string };
}

const shown: readonly Shown[] = [
  { section: 'Notebook: PCQAT', network: { en: 'Small CNN, MNIST', zh: '小型 CNN，MNIST' } },
  { section: 'DS-CNN-L on spoken digits', network: { en: 'DS-CNN-L, spoken digits', zh: 'DS-CNN-L，语音数字' } },
  {
    section: 'MLPerf Tiny’s ResNet-8, trained by others',
    network: { en: 'ResNet-8 of MLPerf Tiny, CIFAR-10 (JPEG)', zh: 'MLPerf Tiny 的 ResNet-8，CIFAR-10（JPEG）' },
  },
  {
    section: 'MobileNet-V2 on CIFAR-10 (JPEG)',
    network: { en: 'MobileNet-V2 0.35, CIFAR-10 (JPEG)', zh: 'MobileNet-V2 0.35，CIFAR-10（JPEG）' },
  },
  {
    section: 'MLPerf Tiny’s keyword spotting model, trained by others',
    network: { en: 'Keyword spotting of MLPerf Tiny', zh: 'MLPerf Tiny 的关键词识别' },
  },
];

const headings = {
  en: ['Network and data', 'Test examples', 'Before: float', 'After: int8', 'Before, gzip', 'After, gzip', ''],
  zh: ['网络和数据', '测试样本', '之前：浮点', '之后：int8', '之前，gzip', '之后，gzip', ''],
} as const;
const smaller = { en: (ratio: string) => `**${ratio}× smaller**`, zh: (ratio: string) => `**缩小到 1/${ratio}**` } as const;

export type ReadmeLanguage = keyof typeof headings;

export const readmes: readonly (readonly [file: string, language: ReadmeLanguage])[] = [
  ['README.md', 'en'],
  ['README.zh-cn.md', 'zh'],
];

/**
 * @param results text of docs/results.md
 * @throws Error where a section or one of its two rows is missing: the table promises them
 */
export function readmeTable(results: string, language: ReadmeLanguage): string {
  const rows = shown.map(({ section, network }) => {
    const text = sectionOf(results, section);
    const before = cellsOf(text, section, controlRow);
    const after = cellsOf(text, section, leafRow);
    const ratio = (bytesOf(before.gzip) / bytesOf(after.gzip)).toFixed(1);
    return [network[language], samplesOf(text, section), before.float, after.int8, before.gzip, after.gzip, smaller[language](ratio)];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings[language]), '| --- | ---: | ---: | ---: | ---: | ---: | ---: |', ...rows.map(line)].join('\n');
}

/** @throws Error where the README has no place for the table */
export function withReadmeTable(readme: string, results: string, language: ReadmeLanguage): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`expected ${begin} and ${end} in the README`);
  return `${readme.slice(0, from + begin.length)}\n\n${readmeTable(results, language)}\n\n${readme.slice(to)}`;
}

function sectionOf(results: string, title: string): string {
  const start = results.indexOf(`## ${title}\n`);
  if (start < 0) throw new Error(`docs/results.md has no section "${title}"`);
  const next = results.indexOf('\n## ', start);
  return next < 0 ? results.slice(start) : results.slice(start, next);
}

/** Of several runs the mean, which comes first. */
function cellsOf(section: string, title: string, model: string): { readonly float: string; readonly int8: string; readonly gzip: string } {
  const row = section.split('\n').find((line) => line.startsWith('| ') && line.replaceAll('&emsp;', '').startsWith(`| ${model} |`));
  const [, , float, int8, , , gzip] = row?.split('|').map((cell) => cell.trim().split(' ')[0]) ?? [];
  if (float === undefined || int8 === undefined || gzip === undefined)
    throw new Error(`section "${title}" of docs/results.md has no row "${model}"`);
  return { float, int8, gzip: `${gzip} B` };
}

function samplesOf(section: string, title: string): string {
  const samples = /^(\d+) test examples/m.exec(section)?.[1];
  if (samples === undefined) throw new Error(`section "${title}" of docs/results.md has no number of test examples`);
  return Number(samples).toLocaleString('en');
}

function bytesOf(cell: string): number {
  return Number(cell.replaceAll(/[^\d]/g, ''));
}
