import { existsSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { certificateFleet, cli, idsOf, scratch, thumbprintFleet } from '../fleet.ts';
import { type HubProcess, startHubProcess } from '../hub.ts';
import { type Measured, measure } from '../measure.ts';
import { seconds, whole } from '../page.ts';
import type { Bar } from './bar.ts';

const many = 100_000;
const withCertificates = 10_000;

/** The largest fleets, on an unthrottled hub in a process of its own. */
export async function fleet(): Promise<readonly Bar[]> {
  return [...(await thumbprints()), ...(await certificates())];
}

async function thumbprints(): Promise<readonly Bar[]> {
  const folder = thumbprintFleet(idsOf(many));
  const { where, bundles } = quickPlace();
  const hub = await startHubProcess();
  const run = (command: string, ...more: readonly string[]) =>
    sound([cli, command, 'devices.csv', ...more], folder, hub.env);
  const registered = untilRegistered(hub, many);
  const applied = await run('apply', '--output-directory', bundles);
  const { registryWrites } = await hub.counted();
  rmSync(bundles, { recursive: true, force: true });
  const planned = await run('plan');
  await hub.stop();
  const rate = many / (applied.seconds - (await registered));
  return [
    below('100,000 devices by CSV thumbprints: registered, from the start of the process', await registered, 30),
    memory('the same: peak memory of the process', applied, 600),
    {
      what: 'the same: registry operations',
      found: whole(registryWrites),
      bar: whole(many),
      holds: registryWrites === many,
    },
    below('plan on the finished fleet', planned.seconds, 15),
    memory('the same: peak memory of the process', planned, 600),
    {
      what: `bundles written a second, to ${where}, by the same apply (it took ${seconds(applied.seconds)} in all)`,
      found: whole(rate),
      bar: 'at least 3,000',
      holds: rate >= 3_000,
    },
  ];
}

/**
 * A folder that does not exist yet. It is in memory if that has room, since the speed of a disk with 200,000 files is
 * not what is measured.
 */
function quickPlace(): { readonly where: string; readonly bundles: string } {
  const memory = '/dev/shm';
  const room = existsSync(memory) ? statfsSync(memory) : { bavail: 0, bsize: 0 };
  if (room.bavail * room.bsize < 6 * 2 ** 30) return { where: 'the disk', bundles: join(scratch(), 'bundles') };
  return { where: 'memory', bundles: join(memory, `soak-${process.pid}`) };
}

/** Seconds from now until the hub reports this number of devices. */
async function untilRegistered(hub: HubProcess, count: number): Promise<number> {
  const begun = performance.now();
  while ((await hub.counted()).devices < count) await delay(200);
  return (performance.now() - begun) / 1000;
}

async function certificates(): Promise<readonly Bar[]> {
  const folder = await certificateFleet(withCertificates);
  const hub = await startHubProcess();
  const registered = untilRegistered(hub, withCertificates);
  const applied = await sound([cli, 'apply', '--output-directory', join(scratch(), 'bundles')], folder, hub.env);
  await hub.stop();
  const what = `10,000 devices with 20,000 certificates: planned and registered (${seconds(applied.seconds)} with their bundles)`;
  return [below(what, await registered, 10)];
}

async function sound(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Measured> {
  const measured = await measure(args, { cwd, env });
  if (measured.code !== 0)
    throw new Error(`${args.slice(1).join(' ')} ended with ${measured.code}\n${measured.stdout}`);
  return measured;
}

function below(what: string, found: number, most: number): Bar {
  return { what, found: seconds(found), bar: `under ${most} s`, holds: found < most };
}

function memory(what: string, { peakMegabytes }: Measured, most: number): Bar {
  return { what, found: `${whole(peakMegabytes)} MB`, bar: `under ${most} MB`, holds: peakMegabytes < most };
}
