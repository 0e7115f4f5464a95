import type { Writing } from '../model/progress.ts';

/**
 * Returns `a.b: 1,200 of 10,000 done, 3 failed, 8,800 left; 980 operations a minute, ends about 14:32 UTC`. `now` in
 * milliseconds since 1970.
 */
export function writingLine(writing: Writing, now: number): string {
  const { hub, done, failed, total } = writing;
  const bad = failed === 0 ? '' : `, ${number(failed)} failed`;
  return `${hub}: ${number(done)} of ${number(total)} done${bad}, ${number(total - done)} left; ${paceText(writing, now)}`;
}

/**
 * Milliseconds. In its first seconds a hub takes more operations than it can sustain, so an estimate would be wrong.
 */
const soonest = 5_000;

/** Returns `980 operations a minute, ends about 14:32 UTC`, estimated from the speed so far. */
export function paceText({ done, total, operations, elapsed }: Writing, now: number): string {
  if (elapsed < soonest || done === 0) return `${number(operations)} operations so far`;
  const end = new Date(now + (elapsed * (total - done)) / done);
  const perMinute = number(Math.round((operations * 60_000) / elapsed));
  return `${perMinute} operations a minute, ends about ${end.toISOString().slice(11, 16)} UTC`;
}

/** Returns `checking devices: 1,200 of 10,000`. */
export function countedText(what: string, done: number, total: number): string {
  return `${what}: ${number(done)} of ${number(total)}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
