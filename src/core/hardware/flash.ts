import type { FlashProfile } from '../../shared/hardware.ts';

/** The file, which a microcontroller keeps in flash as it is. The code that runs it comes on top. */
export function flashProfile(fileBytes: number): FlashProfile {
  return { bytes: fileBytes, fileBytes, code: undefined };
}
