import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Life, limitLife, run } from './device.ts';
import { copy, dash, type Prepared } from './scenarios.ts';

/**
 * Which daemon dies, and after how many milliseconds systemd starts it again. iotedge.service of 1.1 has no RestartSec=, which
 * is 100 ms then; those of 1.2 and later have 5 s (edgelet/contrib/systemd and contrib/systemd of the runtime's sources).
 */
export const mortals = [
  { minor: 1, unit: 'iotedge', delay: 100 },
  { minor: 5, unit: 'aziot-edged', delay: 5_000 },
  { minor: 5, unit: 'aziot-keyd', delay: 5_000 },
] as const;

/** Installs on a device, one of whose daemons lives so long with the new configuration. Returns whether it is called running. */
export async function saysRunning({ device: original }: Prepared, unit: string, life: Life, place: string) {
  const device = copy(original, mkdtempSync(join(place, 'mortal-')));
  limitLife(device, unit, { ...life, only: '# new' });
  const { status, output } = await run(device, dash);
  rmSync(device.folder, { recursive: true });
  return status !== 1 || output.includes('and running');
}
