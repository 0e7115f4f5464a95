import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSeed, type Seed } from '../emulator/devices/seed.ts';
import { startHub } from '../emulator/hub.ts';
import { parseFaults } from '../emulator/trouble/faults.ts';
import { parseCapacity } from '../model/capacity.ts';
import { Fault, messageOf } from '../model/fault.ts';
import type { Settings } from '../run/settings.ts';

/** Runs the embedded hub until SIGINT or SIGTERM. Prints one JSON line when it listens. */
export async function runHub(settings: Settings): Promise<void> {
  const hub = await startHub({
    port: wholeNumber(settings, 'port', 65_535),
    directory: settings.directory === undefined ? undefined : resolve(settings.directory),
    seed: settings.seed === undefined ? undefined : seedIn(settings.seed),
    visibilityLagMs: wholeNumber(settings, 'visibility-lag', 3_600_000),
    capacity: settings.capacity === undefined ? undefined : parseCapacity(settings.capacity, '--capacity'),
    speed: wholeNumber(settings, 'clock-speed', 100_000, 1),
    faults: settings.faults === undefined ? undefined : parseFaults(settings.faults, '--faults'),
  });
  const { connectionString, caFile, url } = hub;
  process.stdout.write(`${JSON.stringify({ connectionString, caFile, url })}\n`);
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  await hub.close();
}

function seedIn(path: string): Seed {
  let text: string;
  try {
    text = readFileSync(resolve(path), 'utf8');
  } catch (error) {
    throw new Fault(`The seed ${path} cannot be read: ${messageOf(error)}.`, 'Give a file that exists with --seed.', {
      cause: error,
    });
  }
  return readSeed(text, path);
}

function wholeNumber(settings: Settings, name: string, most: number, least = 0): number {
  const given = settings[name] ?? String(least);
  if (/^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  const expected = `a whole number from ${least} to ${most}`;
  throw new Fault(`--${name}: ${JSON.stringify(given)} is not ${expected}`, `Give --${name} ${expected}.`, {
    kind: 'usage',
  });
}
