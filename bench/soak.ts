import { fill, machine, table } from './page.ts';
import type { Bar } from './soak/bar.ts';
import { deploymentsAtScale } from './soak/deployments.ts';
import { faults } from './soak/faults.ts';
import { fleet } from './soak/fleet.ts';
import { fuzzing } from './soak/fuzzing.ts';
import { histories } from './soak/histories.ts';
import { imports } from './soak/imports.ts';
import { installer } from './soak/installer.ts';
import { kills } from './soak/kills.ts';
import { properties } from './soak/properties.ts';
import { release } from './soak/release.ts';

/**
 * `npm run soak` checks the bars that take too long for every change. `npm run soak -- fleet kills` checks only these
 * parts; `seeds=3`, `moments=10` or `executions=1000` make fewer rounds. `npm run soak -- write` writes the last result into
 * docs/performance.md. Exit code 1 means that a bar does not hold.
 */
const parts = {
  fleet,
  deployments: deploymentsAtScale,
  import: imports,
  faults,
  kills,
  histories,
  properties,
  fuzzing,
  installer,
  release,
} as const;
const args = process.argv.slice(2);
const rounds = (name: string, usual: number) => {
  const given = args.find((arg) => arg.startsWith(`${name}=`));
  return given === undefined ? usual : Number(given.slice(name.length + 1));
};
const named = Object.entries(parts).filter(([name]) => args.includes(name));
const chosen = named.length > 0 ? named : Object.entries(parts);

const bars: Bar[] = [];
for (const [name, part] of chosen) {
  console.error(`${name} …`);
  for (const bar of await part({
    seeds: rounds('seeds', 20),
    moments: rounds('moments', 100),
    devices: rounds('devices', 10_000),
    first: rounds('first', 1),
    times: rounds('times', 5),
    executions: rounds('executions', 1_000_000),
    seconds: rounds('seconds', 3_600),
    lanes: rounds('lanes', 2),
    each: rounds('each', 11),
    few: rounds('few', 1),
  })) {
    console.error(`${bar.holds ? 'holds' : 'FAILS'}  ${bar.what}: ${bar.found} (bar: ${bar.bar})`);
    bars.push(bar);
  }
}
const rows = bars.map(({ what, found, bar, holds }) => [what, found, bar, holds ? 'yes' : '**no**']);
const figures = `Measured on ${machine()}.\n\n${table(['', 'found', 'bar', 'holds'], rows)}`;
if (args.includes('write')) fill('soak', figures);
else console.log(figures);
process.exitCode = bars.every(({ holds }) => holds) ? 0 : 1;
