/** From names that users choose to names of folders: different names, different folders, on every file system. */
import { digestBytes } from './digest.ts';

/** Letters, digits and `._-`, so short that there is room for more, not beginning or ending with a dot. */
const plain = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?$/;
/** Of files and folders that a run has beside those of its models and nodes, and what Windows keeps for devices. */
const taken =
  /^(?:result|checkpoint-.*|recipe\.json|search\.json|events.*\.jsonl|owner\.json|report\..*|con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;
const LONGEST_READABLE_PART = 40;
const DIGEST_LENGTH = 16;

/**
 * The name itself where it can be one of a folder; otherwise its readable part and, after `~`, which no plain name has, a
 * digest of all of it. Names that differ only in case are for the caller to refuse: some file systems take them for one.
 *
 * @example folderName('pruned') // 'pruned'
 * @example folderName('数字') // '_~7b5c…'
 */
export function folderName(name: string): string {
  if (plain.test(name) && !taken.test(name)) return name;
  const readable = name.replaceAll(/[^A-Za-z0-9-]+/g, '_').slice(0, LONGEST_READABLE_PART);
  // Halves of characters, which JSON allows, are all the same in UTF-8.
  const whole = /\p{Surrogate}/u.test(name) ? JSON.stringify(name) : name;
  return `${readable}~${digestBytes(whole).slice(0, DIGEST_LENGTH)}`;
}
