import { type Case, endings, secondRuns } from './case.ts';
import { minors, type Shell } from './device.ts';
import { type Moment, momentsOf, stepsOf } from './moments.ts';
import { dash, makePairs, type Prepared, preparing, type Scenario } from './scenarios.ts';

/** These scenarios of each version, made in this folder. */
export async function allPrepared(scenarios: readonly Scenario[], place: string): Promise<readonly Prepared[]> {
  const prepare = preparing(makePairs(place), place);
  const all: Prepared[] = [];
  for (const minor of minors) for (const scenario of scenarios) all.push(await prepare(scenario, minor));
  return all;
}

/** A scenario and the steps at which its run is ended. */
export interface Stepped {
  readonly prepared: Prepared;
  readonly steps: readonly Moment[];
}

/** The steps of each scenario in order. What is the same step in an earlier scenario of the version is left out: a roll back begins as a rotation. */
export async function stepsOfAll(all: readonly Prepared[], place: string): Promise<readonly Stepped[]> {
  const known = new Set<string>();
  const stepped: Stepped[] = [];
  for (const prepared of all) {
    const { moments } = await momentsOf(prepared, dash, place);
    const named = stepsOf(moments).map((step) => ({ step, name: JSON.stringify([prepared.minor, step]) }));
    stepped.push({ prepared, steps: named.filter(({ name }) => !known.has(name)).map(({ step }) => step) });
    for (const { name } of named) known.add(name);
  }
  return stepped;
}

/** Every ending at every step in every shell, each with every second run. */
export function everyCase(steps: readonly Moment[], shells: readonly Shell[]): readonly Case[] {
  return steps.flatMap((moment) =>
    shells.flatMap((shell) => endings.map((ending) => ({ moment, shell, ending, seconds: secondRuns }))),
  );
}

/** Each step once or more: in each phase of the run each of the first endings, in one of the shells, with one second run. */
export function eachStep(steps: readonly Moment[], shells: readonly Shell[], first: number): readonly Case[] {
  const phases = [...new Set(steps.map(({ phase }) => phase))].map((each) =>
    steps.filter(({ phase }) => phase === each),
  );
  return phases.flatMap((inPhase) =>
    Array.from({ length: Math.max(inPhase.length, first) }, (_, n): Case => {
      // Each ending comes in turn in both shells, and with both second runs.
      const round = Math.floor(n / first);
      const seconds = [at(secondRuns, Math.floor(round / shells.length) + n)];
      return { moment: at(inPhase, n), ending: at(endings.slice(0, first), n), shell: at(shells, n), seconds };
    }),
  );
}

function at<Row>(rows: readonly Row[], n: number): Row {
  const row = rows[n % rows.length];
  if (row === undefined) throw new Error('none');
  return row;
}

export function titleOf({ minor, scenario }: Prepared, { moment, ending, shell }: Case): string {
  return `1.${minor} ${scenario}, ${shell.name}: ${ending} before call ${moment.call} of ${moment.program}`;
}
