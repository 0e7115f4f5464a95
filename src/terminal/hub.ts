import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSeed, type Seed } from '../emulator/devices/seed.ts';
import { type HubOptions, startHub } from '../emulator/hub.ts';
import { parseFaults } from '../emulator/trouble/faults.ts';
import { parseCapacity } from '../model/capacity.ts';
import { messageOf } from '../model/fault.ts';
import { SettingReader } from '../run/setting-reader.ts';
import type { Settings } from '../run/settings.ts';
import { terminalFault } from './faults.ts';

/** Runs the embedded hub until SIGINT or SIGTERM. Prints one JSON line when it listens. Throws `WrongSettings`. */
export async function runHub(settings: Settings, print: (text: string) => void): Promise<void> {
  const hub = await startHub(readHubOptions(settings));
  const { connectionString, caFile, url } = hub;
  print(`${JSON.stringify({ connectionString, caFile, url })}\n`);
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  await hub.close();
}

function readHubOptions(settings: Settings): HubOptions {
  const { directory, seed, capacity, faults } = settings;
  const reader = new SettingReader(settings);
  return reader.checked({
    port: wholeNumber(reader, 'port', 65_535),
    directory: directory === undefined ? undefined : resolve(directory),
    seed: seed === undefined ? undefined : reader.attempt(() => seedIn(seed)),
    visibilityLagMs: wholeNumber(reader, 'visibility-lag', 3_600_000),
    capacity: capacity === undefined ? undefined : reader.attempt(() => parseCapacity(capacity, '--capacity')),
    speed: wholeNumber(reader, 'clock-speed', 100_000, 1),
    faults: faults === undefined ? undefined : reader.attempt(() => parseFaults(faults, '--faults')),
  });
}

function seedIn(path: string): Seed {
  let text: string;
  try {
    text = readFileSync(resolve(path), 'utf8');
  } catch (thrown) {
    throw terminalFault('seed-unreadable', { path, why: messageOf(thrown) }, { cause: thrown });
  }
  return readSeed(text, path);
}

function wholeNumber(reader: SettingReader, name: string, most: number, least = 0): number {
  const given = reader.raw(name) ?? String(least);
  if (/^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  reader.refuse(terminalFault('not-a-number', { name, given, least, most }));
  return least;
}
