import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cli, idsOf, scratch, thumbprintFleet } from '../fleet.ts';
import { startHubProcess } from '../hub.ts';
import { measure } from '../measure.ts';
import { whole } from '../page.ts';
import { type Bar, type Rounds, seeded } from './bar.ts';

const devices = 2_000;

/**
 * Kills an apply with SIGKILL at random moments. The folder of bundles must be complete or absent, and the next run
 * does the rest.
 */
export async function kills({ moments, first }: Rounds): Promise<readonly Bar[]> {
  const folder = thumbprintFleet(idsOf(devices));
  const random = seeded(first);
  const undisturbed = await round(folder, undefined);
  // The first run reads everything from disk and takes longer.
  const { milliseconds } = await round(folder, undefined);
  let half = 0;
  let unfinished = 0;
  let twice = 0;
  let cut = 0;
  for (let moment = 0; moment < moments; moment++) {
    const found = await round(folder, random() * milliseconds);
    if (found.killed) cut += 1;
    if (found.left !== undefined && found.left !== undisturbed.bundles) half += 1;
    if (found.bundles !== undisturbed.bundles || found.devices !== devices) unfinished += 1;
    if (found.writes !== devices) twice += 1;
  }
  const what = `SIGKILL at ${moments} random moments of an apply of ${whole(devices)} devices (${cut} met it running)`;
  return [
    {
      what: `${what}: reruns that did not finish the rest`,
      found: whole(unfinished),
      bar: '0',
      holds: unfinished === 0,
    },
    { what: 'the same: folders of bundles half written', found: whole(half), bar: '0', holds: half === 0 },
    { what: 'the same: hubs with a device written twice, or not', found: whole(twice), bar: '0', holds: twice === 0 },
  ];
}

/** An apply on an empty hub that is killed after this number of milliseconds, and the apply that follows. */
async function round(folder: string, killAfter: number | undefined) {
  const hub = await startHubProcess();
  const bundles = join(scratch(), 'bundles');
  const apply = (more: { readonly killAfter?: number }) =>
    measure([cli, 'apply', 'devices.csv', '--output-directory', bundles], { cwd: folder, env: hub.env, ...more });
  const killed = await apply(killAfter === undefined ? {} : { killAfter });
  const left = existsSync(bundles) ? digestOf(bundles) : undefined;
  const after = await apply({});
  const { devices: registered, registryWrites } = await hub.counted();
  await hub.stop();
  return {
    milliseconds: killed.seconds * 1000,
    killed: killed.signal === 'SIGKILL',
    left,
    bundles: after.code === 0 ? digestOf(bundles) : `exit ${after.code}`,
    devices: registered,
    writes: registryWrites,
  };
}

/** A digest over the names and the bytes of all files. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files) {
    const path = join(folder, file);
    hash.update(`${file}\n`);
    if (statSync(path).isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}
