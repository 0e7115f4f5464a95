import { type Case, endings } from './case.ts';
import { minors, type Shell } from './device.ts';
import { type Moment, momentsOf } from './moments.ts';
import { dash, makePairs, type Prepared, prepare, scenarios } from './scenarios.ts';

/** Every scenario of each version, made in this folder. */
export async function allPrepared(place: string): Promise<readonly Prepared[]> {
  const pairs = makePairs(place);
  const all: Prepared[] = [];
  for (const minor of minors) for (const scenario of scenarios) all.push(await prepare(scenario, minor, pairs, place));
  return all;
}

/**
 * Every case of a scenario: each moment from the last before the first change on, and a few of the reading before it; for
 * each moment every ending in each shell, with a second run that succeeds and one that fails.
 */
export async function casesOf(prepared: Prepared, shells: readonly Shell[], place: string): Promise<readonly Case[]> {
  const { moments, firstChange } = await momentsOf(prepared, dash, place);
  return moments
    .filter((_, n) => n >= firstChange - 1 || n % 20 === 0)
    .flatMap((moment) => shells.flatMap((shell) => endings.flatMap((ending) => withSecond({ moment, shell, ending }))));
}

const withSecond = (tried: Omit<Case, 'second'>) =>
  (['succeeds', 'fails'] as const).map((second): Case => ({ ...tried, second }));

export function titleOf({ minor, scenario }: Prepared, { moment, ending, shell, second }: Case): string {
  return `1.${minor} ${scenario}, ${shell.name}: ${ending} before ${nameOf(moment)}, then a run that ${second}`;
}

const nameOf = ({ program, call }: Moment) => `call ${call} of ${program}`;
