import { resolve } from 'node:path';
import { readSeed, type Seed } from '../emulator/devices/seed.ts';
import { type HubOptions, startHub } from '../emulator/hub.ts';
import { parseFaults } from '../emulator/trouble/faults.ts';
import { parseCapacity } from '../model/capacity.ts';
import { type HubEndpoint, readHubName } from '../model/hub-name.ts';
import { runFault } from '../run/faults.ts';
import { readNamed, refusalToFill } from '../run/named-file.ts';
import { SettingReader } from '../run/setting-reader.ts';
import type { Settings } from '../run/settings.ts';
import { terminalFault } from './faults.ts';
import { environmentOf, type Shell, shells } from './hub-environment.ts';
import { findRoot } from './root.ts';

/** Runs the embedded hub until SIGINT or SIGTERM. Prints one JSON line when it listens, or what a shell reads. Throws `WrongSettings`. */
export async function runHub(settings: Settings, print: (text: string) => void): Promise<void> {
  const { shell, ...options } = readHubOptions(settings);
  const hub = await startHub(options);
  const { connectionString, caFile, url } = hub;
  print(shell === undefined ? `${JSON.stringify({ connectionString, caFile, url })}\n` : environmentOf(hub, shell));
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  await hub.close();
}

function readHubOptions(settings: Settings): HubOptions & { readonly shell: Shell | undefined } {
  const { directory, seed, capacity, faults, env } = settings;
  const reader = new SettingReader(settings);
  return reader.checked({
    shell: env === undefined ? undefined : reader.word('env', shells),
    hosts: reader.lines('host').flatMap((given) => hostNamed(reader, given) ?? []),
    port: wholeNumber(reader, 'port', 65_535),
    directory: directory === undefined ? undefined : reader.attempt(() => stateIn(directory)),
    seed: seed === undefined ? undefined : reader.attempt(() => seedIn(seed)),
    visibilityLagMs: wholeNumber(reader, 'visibility-lag', 3_600_000),
    evaluationLagMs: wholeNumber(reader, 'evaluation-lag', 3_600_000),
    capacity: capacity === undefined ? undefined : reader.attempt(() => parseCapacity(capacity, '--capacity')),
    speed: wholeNumber(reader, 'clock-speed', 100_000, 1),
    faults: faults === undefined ? undefined : reader.attempt(() => parseFaults(faults, '--faults')),
  });
}

function hostNamed(reader: SettingReader, given: string): HubEndpoint | undefined {
  const read = readHubName(given);
  if (read.kind === 'hub' && !read.endpoint.includes(':')) return read.endpoint;
  reader.refuse(
    read.kind === 'no-domain'
      ? runFault('hub-without-domain', { name: '--host', given, meant: read.meant.hub })
      : terminalFault('not-a-host-alone', { given }),
  );
  return undefined;
}

function stateIn(path: string): string {
  const why = refusalToFill(resolve(path), findRoot(process.cwd(), []));
  if (why !== undefined) throw terminalFault('path-refused', { option: 'directory', path, why });
  return resolve(path);
}

/** In bytes. The seed of 100,000 devices has about 60 MB. */
const largestSeed = 256 * 1024 * 1024;

function seedIn(path: string): Seed {
  const read = readNamed(resolve(path), findRoot(process.cwd(), []), largestSeed);
  if (!read.ok) throw terminalFault('seed-unreadable', { path, why: read.detail });
  return readSeed(read.bytes.toString('utf8'), path);
}

function wholeNumber(reader: SettingReader, name: string, most: number, least = 0): number {
  const given = reader.raw(name) ?? String(least);
  if (/^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  reader.refuse(terminalFault('not-a-number', { name, given, least, most }));
  return least;
}
