import type { RuntimeVersion } from '../../model/fleet.ts';

/** Whether a version is `since` or newer. A version without a patch stands for its newest patch. */
export function isAtLeast({ major, minor, patch = Number.POSITIVE_INFINITY }: RuntimeVersion, since: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = since.split('.').map(Number);
  if (major !== wantedMajor) return major > wantedMajor;
  return minor === wantedMinor ? patch >= wantedPatch : minor > wantedMinor;
}
