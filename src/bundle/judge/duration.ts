import type { RuntimeVersion } from '../../model/fleet.ts';
import { isAtLeast } from './version.ts';

/**
 * Reads a duration as the runtime does, in nanoseconds; `undefined` if it is none. 1.4 and 1.5 have humantime 2.1. 1.6 has
 * 2.3, which also takes `1.5d`, `1wk` and a bare `0`.
 */
export function readDuration(text: string, version: RuntimeVersion): bigint | undefined {
  const newer = isAtLeast(version, '1.6.0');
  if (newer && text === '0') return 0n;
  if (text.length > longest || !/^\s*(\d[\d\s]*(\.\d+)?[A-Za-zµ]+\s*)+$/.test(text)) return undefined;
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d[\d\s]*)(?:\.(\d+))?([A-Za-zµ]+)/g)) {
    const length = units.get(unit) ?? (newer ? newUnits.get(unit) : undefined);
    if (length === undefined || (fraction !== '' && !newer)) return undefined;
    const count = BigInt(whole.replace(/\s/g, ''));
    if (count > most) return undefined;
    sum += count * length + (BigInt(fraction || 0) * length) / 10n ** BigInt(fraction.length);
  }
  return sum / second > most ? undefined : sum;
}

/** Of characters. To calculate with longer numbers takes long. */
const longest = 200;
const most = 2n ** 64n - 1n;
const second = 1_000_000_000n;
const minute = 60n * second;
const day = 1440n * minute;

/** https://docs.rs/humantime/2.1.0/humantime/fn.parse_duration.html */
const units = new Map<string, bigint>([
  ...named(1n, 'nanos', 'nsec', 'ns'),
  ...named(1_000n, 'usec', 'us'),
  ...named(1_000_000n, 'millis', 'msec', 'ms'),
  ...named(second, 'seconds', 'second', 'secs', 'sec', 's'),
  ...named(minute, 'minutes', 'minute', 'mins', 'min', 'm'),
  ...named(60n * minute, 'hours', 'hour', 'hrs', 'hr', 'h'),
  ...named(day, 'days', 'day', 'd'),
  ...named(7n * day, 'weeks', 'week', 'w'),
  ...named(2_630_016n * second, 'months', 'month', 'M'),
  ...named(31_557_600n * second, 'years', 'year', 'y'),
]);

/** https://github.com/chronotope/humantime/releases/tag/v2.3.0 */
const newUnits = new Map<string, bigint>([
  ...named(1_000n, 'µs'),
  ...named(7n * day, 'wks', 'wk'),
  ...named(31_557_600n * second, 'yrs', 'yr'),
]);

function named(length: bigint, ...names: readonly string[]): readonly (readonly [string, bigint])[] {
  return names.map((name) => [name, length] as const);
}

/** Whether a duration is a multiple of whole days. */
export function isWholeDays(nanoseconds: bigint): boolean {
  return nanoseconds % day === 0n;
}

/** Whether a text is a time that the runtime reads as `%H:%M` (chrono): `3:05`. */
export function isTimeOfDay(text: string): boolean {
  return /^\s*([01]?\d|2[0-3]):\s*[0-5]?\d$/.test(text);
}
