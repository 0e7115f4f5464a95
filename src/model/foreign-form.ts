/** What a file holds instead of the text that was expected. `utf-16`: without a byte order mark, so that no program knows it. */
export type ForeignForm = 'lfs-pointer' | 'utf-16';

/** Tells it by the first bytes. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md has the form of a pointer. */
export function foreignForm(bytes: Buffer): ForeignForm | undefined {
  if (bytes.length < 1024 && pointer.test(bytes.toString('latin1'))) return 'lfs-pointer';
  const start = bytes.subarray(0, 64);
  return start.length >= 8 && (isEverySecondZero(start, 0) || isEverySecondZero(start, 1)) ? 'utf-16' : undefined;
}

// Git LFS had another name until 2015.
const pointer = /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v\d+\r?\n/;

function isEverySecondZero(bytes: Uint8Array, first: 0 | 1): boolean {
  return bytes.every((byte, index) => (byte === 0) === (index % 2 === first));
}
