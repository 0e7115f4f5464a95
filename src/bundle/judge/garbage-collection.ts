import type { Finding } from '../../model/finding.ts';
import type { Device, RuntimeVersion } from '../../model/fleet.ts';
import type { RefusedValue } from '../../rules/refused-value.ts';
import { finding } from '../../rules/rules.ts';
import { isTimeOfDay, isWholeDays, readDuration } from './duration.ts';
import { isAtLeast } from './version.ts';

const section = 'config.imageGarbageCollection';

/** Checks the durations and the time of the removal of images. Keys in `skip` are not looked at. */
export function judgeCollection(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const wanted = device.config.imageGarbageCollection;
  const { version } = device.runtime;
  // An older version does not know the section, and says nothing about its values.
  if (wanted === undefined || !isAtLeast(version, '1.4.0')) return [];
  const checks = [
    ['cleanupRecurrence', wanted.cleanupRecurrence, problemOfRecurrence],
    ['imageAgeCleanupThreshold', wanted.imageAgeCleanupThreshold, problemOfDuration],
    ['cleanupTime', wanted.cleanupTime, (text: string) => (isTimeOfDay(text) ? undefined : 'no-time')],
  ] as const;
  return checks.flatMap(([name, found, check]) => {
    const key = `${section}.${name}`;
    const problem = found === undefined || skip.has(key) ? undefined : check(found, version);
    if (found === undefined || problem === undefined) return [];
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    return [finding('config/refused-value', { key, problem, found, version: version.text }, subject)];
  });
}

type Problem = Extract<RefusedValue, { readonly found: string }>['problem'];

function problemOfDuration(text: string, version: RuntimeVersion): Problem | undefined {
  return readDuration(text, version) === undefined ? 'no-duration' : undefined;
}

function problemOfRecurrence(text: string, version: RuntimeVersion): Problem | undefined {
  const duration = readDuration(text, version);
  if (duration === undefined) return 'no-duration';
  return isWholeDays(duration) ? undefined : 'no-whole-days';
}
