import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { azTime } from './az.ts';
import { certificateFleet, cli, idsOf, scratch, thumbprintFleet } from './fleet.ts';
import { type Counted, startHubProcess } from './hub.ts';
import { type Measured, measure, median } from './measure.ts';
import { fill, machine, seconds, table, whole } from './page.ts';
import { type Curve, plot } from './plot.ts';
import { quotaTable } from './quota.ts';
import { readsTable } from './reads.ts';

/**
 * `npm run bench` registers fleets of 1 to 100,000 new devices with our tool and with the stock SDK, in one run on one
 * machine. Each is a process of its own and uses an embedded hub in another process. Then come the quota run and the
 * reads. It writes docs/performance.md and docs/performance.svg. `npm run bench -- 1 100` measures only these sizes and
 * prints the result.
 */
const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [1, 100, 1_000, 10_000, 100_000];
const oneByOneUpTo = 1_000;
const certificatesUpTo = 10_000;

interface Case {
  readonly name: string;
  readonly devices: number;
  readonly measured: Measured;
  readonly counted: Counted;
}

const titles = new Map([
  ['apply', 'A CSV of thumbprints: `apply` of new devices, bundles written'],
  ['apply, certificates', 'Two certificates a device: `apply` of new devices, bundles written'],
]);

const stock = resolve('bench/stock.ts');
const cases: Case[] = [];
for (const devices of sizes) {
  const folder = thumbprintFleet(idsOf(devices));
  await take('apply', devices, ours('devices.csv'), folder);
  await take('bare bulks', devices, [stock, 'bulk', String(devices)], folder);
  if (devices <= oneByOneUpTo) await take('one by one', devices, [stock, 'single', String(devices)], folder);
  if (devices > certificatesUpTo) continue;
  const certificates = await certificateFleet(devices);
  await take('apply, certificates', devices, ours('devices.yaml'), certificates);
  await take('bare bulks, certificates', devices, [stock, 'certificates', String(devices)], certificates);
}
const az = await azTime();
const text = [
  tableOf('apply', ['bare bulks', 'one by one']),
  tableOf('apply, certificates', ['bare bulks, certificates']),
];
const figures = [`Measured on ${machine()}.`, ...text, az].join('\n\n');
if (asked.length > 0) console.log(figures);
else {
  fill('bench', figures);
  fill('quota', await quotaTable());
  fill('reads', await readsTable());
  writeFileSync('docs/performance.svg', plot(curves()));
}

function ours(manifest: string): readonly string[] {
  return [cli, 'apply', manifest, '--output-directory', join(scratch(), 'bundles')];
}

/** Measures each run on a new, empty hub. Returns the median of three runs; a long run is made once. */
async function take(name: string, devices: number, args: readonly string[], cwd: string): Promise<void> {
  const runs: Measured[] = [];
  let counted: Counted | undefined;
  for (let run = 0; run < (devices > 1_000 ? 1 : 3); run++) {
    const hub = await startHubProcess();
    const measured = await measure(args, { cwd, env: hub.env });
    counted = await hub.counted();
    await hub.stop();
    if (measured.code !== 0 || counted.devices !== devices) {
      throw new Error(`${name}: ${counted.devices} of ${devices} devices\n${measured.stdout}\n${measured.stderr}`);
    }
    runs.push(measured);
  }
  if (counted === undefined) throw new Error('nothing was counted');
  const measured = median(runs);
  console.error(`${name}, ${whole(devices)}: ${seconds(measured.seconds)}, ${whole(measured.peakMegabytes)} MB`);
  cases.push({ name, devices, measured, counted });
}

/** Ratios come first, since they depend least on the machine. */
function tableOf(name: string, others: readonly string[]): string {
  const head = [
    'Devices',
    ...others.map((other) => `time against ${other}`),
    'time',
    ...others.map((other) => `${other}`),
    'CPU',
    'peak memory',
    'requests',
    'registry operations',
    'operations a device',
  ];
  const rows = cases
    .filter((one) => one.name === name)
    .map(({ devices, measured, counted }) => {
      const beside = others.map(
        (other) => cases.find((one) => one.name === other && one.devices === devices)?.measured,
      );
      const operations = counted.registryWrites;
      return [
        whole(devices),
        ...beside.map((other) => (other === undefined ? '' : `${(measured.seconds / other.seconds).toFixed(2)} ×`)),
        seconds(measured.seconds),
        ...beside.map((other) => (other === undefined ? '' : seconds(other.seconds))),
        seconds(measured.cpuSeconds),
        `${whole(measured.peakMegabytes)} MB`,
        whole(counted.requests),
        whole(operations),
        (operations / devices).toFixed(2),
      ];
    });
  return rows.length === 0 ? '' : `**${titles.get(name) ?? name}**\n\n${table(head, rows)}`;
}

function curves(): readonly Curve[] {
  return [...new Set(cases.map(({ name }) => name))].map((name) => ({
    name,
    points: cases
      .filter((one) => one.name === name)
      .map(({ devices, measured }) => ({ devices, seconds: measured.seconds })),
  }));
}
