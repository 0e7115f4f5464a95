import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { manifestOf, writeCertificates } from '../__tests__/support/fleet.ts';

/** The command line as users run it. */
export const cli = resolve('dist/cli.js');

export function idsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `edge-${String(n + 1).padStart(6, '0')}`);
}

/** A thumbprint that belongs to no certificate and differs for each device, slot and owner. */
export function thumbprintOf(id: string, slot: 'primary' | 'secondary', owner = ''): string {
  return createHash('sha256').update(`${id} ${slot}${owner}`).digest('hex').toUpperCase();
}

/** A fleet as one CSV of thumbprints. */
function csvOf(ids: readonly string[], owner: string): string {
  const row = (id: string) => `${thumbprintOf(id, 'primary', owner)},${thumbprintOf(id, 'secondary', owner)},1.6,linux`;
  const rows = ids.map((id) => `${id},${row(id)}\n`);
  return `id,thumbprints.primary,thumbprints.secondary,runtime.version,runtime.platform\n${rows.join('')}`;
}

/** A folder with a fleet. It is deleted when the process ends. */
export function thumbprintFleet(ids: readonly string[], owner = ''): string {
  const folder = scratch();
  writeFileSync(join(folder, 'devices.csv'), csvOf(ids, owner));
  return folder;
}

/** The same with two certificates for each device and a manifest in YAML. */
export async function certificateFleet(count: number): Promise<string> {
  const folder = scratch();
  await writeCertificates(folder, idsOf(count));
  writeFileSync(join(folder, 'devices.yaml'), manifestOf(idsOf(count)));
  return folder;
}

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  mkdirSync(join(folder, '.git'));
  // A long run has one listener for each folder.
  process.setMaxListeners(0);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
