import { resolve } from 'node:path';
import { startHub } from '../emulator/hub.ts';
import { Fault } from '../model/fault.ts';
import type { Settings } from '../request.ts';

/** Runs the embedded hub until SIGINT or SIGTERM. Prints one JSON line when it listens. */
export async function runHub(settings: Settings): Promise<void> {
  const hub = await startHub({
    port: wholeNumber(settings, 'port', 65_535),
    directory: settings.directory === undefined ? undefined : resolve(settings.directory),
    visibilityLagMs: wholeNumber(settings, 'visibility-lag', 3_600_000),
  });
  const { connectionString, caFile, url } = hub;
  process.stdout.write(`${JSON.stringify({ connectionString, caFile, url })}\n`);
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  await hub.close();
}

function wholeNumber(settings: Settings, name: string, most: number): number {
  const given = settings[name] ?? '0';
  if (/^\d{1,9}$/.test(given) && Number(given) <= most) return Number(given);
  const expected = `a whole number from 0 to ${most}`;
  throw new Fault(`--${name}: ${JSON.stringify(given)} is not ${expected}`, `Give --${name} ${expected}.`, {
    kind: 'usage',
  });
}
