import type { Problem } from './problem.ts';

/** The problems that each of several runtimes has: a version that was not run agrees with none of them in all. */
export function commonProblems(each: readonly (readonly Problem[])[]): readonly Problem[] {
  const [first = [], ...others] = each;
  if (others.length === 0) return first;
  const known = others.map((problems) => new Set(problems.map(keyOf)));
  return first.filter((problem) => known.every((keys) => keys.has(keyOf(problem))));
}

function keyOf({ rule, offset }: Problem): string {
  return `${rule} ${offset}`;
}
