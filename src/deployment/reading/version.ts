/** The parts of a .NET version: two to four. A part that is not written is -1, and so before 0. */
export type DotNetVersion = readonly [major: number, minor: number, build: number, revision: number];

/** Version.TryParse of .NET: each part is a whole number as int.TryParse takes it, with blanks and a plus sign. */
export function parseVersion(text: string): DotNetVersion | undefined {
  const parts = text.split('.');
  if (parts.length < 2 || parts.length > 4) return undefined;
  const numbers = parts.map((part) => (/^[\t-\r ]*[+-]?\d+[\t-\r ]*$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.some((number) => Number.isNaN(number) || number < 0 || number > 2 ** 31 - 1)) return undefined;
  const [major = 0, minor = 0, build = -1, revision = -1] = numbers.map((number) => number + 0);
  return [major, minor, build, revision];
}

/** Negative if the first is the older one. */
export function compareVersions(one: DotNetVersion, other: DotNetVersion): number {
  for (const [index, part] of one.entries()) {
    const difference = part - (other[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
