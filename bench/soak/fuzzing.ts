import { fuzz, targetNames } from '../fuzz/fuzz.ts';
import { whole } from '../page.ts';
import type { Bar, Rounds } from './bar.ts';

/** Fuzzes each kind of input from outside, guided by what each input reaches. */
export async function fuzzing({ executions, seconds, first, lanes }: Rounds): Promise<readonly Bar[]> {
  const results = await fuzz({ targets: targetNames, executions, seconds, seed: first, lanes });
  const all = results.reduce((sum, result) => sum + result.executions, 0);
  const found = results.filter(({ fault }) => fault !== undefined);
  return [
    {
      what: `${whole(all)} executions by fuzzing of ${results
        .map(({ target }) => target)
        .sort()
        .join(', ')}: inputs that crash, hang, grow, pollute or get no finding with a place`,
      found: whole(found.length),
      bar: '0',
      holds: found.length === 0,
    },
  ];
}
