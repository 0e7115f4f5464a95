import { wanted } from '../__tests__/plan/devices.ts';
import { openSimulation } from '../__tests__/support/simulation.ts';
import { operationsPerMinute, parseCapacity } from '../src/model/capacity.ts';
import { table, whole } from './page.ts';

const runs = [
  { size: 'S1x1', devices: 1_000 },
  { size: 'S1x10', devices: 10_000 },
  { size: 'S3x1', devices: 10_000 },
];

/**
 * New devices on throttled hubs that have saved up no quota. Client and hub share a simulated clock. The share of the
 * quota that is used says something about our pacing, not about Azure.
 */
export async function quotaTable(): Promise<string> {
  const rows: string[][] = [];
  for (const { size, devices } of runs) {
    for (const told of [true, false]) rows.push(await row(size, devices, told));
  }
  const head = ['hub', '`hub-capacity`', 'devices', 'quota used', 'minutes', 'operations a device', 'refused calls'];
  return table(head, rows);
}

async function row(size: string, devices: number, told: boolean): Promise<string[]> {
  const capacity = parseCapacity(size, 'size');
  const simulated = await openSimulation({ capacity, burstSeconds: 0 });
  const fleet = Array.from({ length: devices }, (_, n) => wanted({ id: `edge-${n}` }));
  const { outcomes, minutes, operations } = await simulated.apply(
    await simulated.plan(fleet),
    told ? capacity : undefined,
  );
  const { throttled } = simulated.hub.counts();
  await simulated.close();
  const created = outcomes.filter(({ result }) => result === 'created').length;
  if (created !== devices) throw new Error(`${size}: ${created} of ${devices} devices created`);
  const used = devices / operationsPerMinute(capacity).registry / minutes;
  console.error(`quota of ${size}, ${told ? 'told' : 'not told'}: ${(100 * used).toFixed(1)}%`);
  return [
    size,
    told ? 'given' : 'not given',
    whole(devices),
    `${(100 * used).toFixed(1)}%`,
    minutes.toFixed(1),
    (operations / devices).toFixed(2),
    whole(throttled),
  ];
}
