import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** Files of a class, at most: the hash is folded to this many places. */
const places = 2 ** 27 - 1;
const validationPercent = 10;
const testPercent = 10;

/**
 * The official split of Speech Commands: by the hash of the speaker, so that all recordings of a speaker are in one set
 * whatever else the folder holds. Warden 2018, arXiv:1804.03209, section 7.2.
 *
 * @param path `<word>/<speaker>_nohash_<n>.wav`
 */
export function speechCommandsSplit(path: string): 'train' | 'validation' | 'test' {
  const speaker = basename(path).replace(/_nohash_.*$/, '');
  const hash = createHash('sha1').update(speaker).digest('hex');
  const percent = (Number(BigInt(`0x${hash}`) % BigInt(places + 1)) * 100) / places;
  if (percent < validationPercent) return 'validation';
  return percent < validationPercent + testPercent ? 'test' : 'train';
}
