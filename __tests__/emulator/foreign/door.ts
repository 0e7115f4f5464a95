import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const contoso = ['azure-devices.net', 'device.azure-devices.net', 'service.azure-devices.net'].map(
  (end) => `contoso.${end}`,
);

/** What one client was told, and what the hub noticed of it. */
export interface Told {
  /** What the client printed: each call by name, with its answer. */
  readonly told: ReturnType<typeof JSON.parse>;
  /** The calls that the hub carried out, such as `PUT /devices/{id}`. */
  readonly carriedOut: ReadonlySet<string>;
}

/**
 * Runs a client of the hub `contoso.azure-devices.net`, which listens on port 443 of a network of its own. The client has the environment
 * that the hub prints, and nothing else that would lead it there.
 */
export async function throughTheDoor(client: readonly string[]): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'door-'));
  try {
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n::1 localhost\n127.0.0.1 ${contoso.join(' ')}\n`);
    const script = join(import.meta.dirname, 'door.sh');
    const cli = join(import.meta.dirname, '../../../src/cli.ts');
    const args = ['--mount', '--net', 'sh', script, process.execPath, cli, ...client];
    await ended(spawn('unshare', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] }));
    const [told, metrics] = ['told.json', 'metrics.txt'].map((name) => readFileSync(join(folder, name), 'utf8'));
    return { told: JSON.parse(told!), carriedOut: new Set(carriedOut(metrics!)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`door.sh ended with ${code}: ${errors}`);
}

function carriedOut(metrics: string): readonly string[] {
  const rows = [...metrics.matchAll(/^embedded_hub_requests_total\{route="([^"]+)",status="(\d+)"\}/gm)];
  // No device is connected, so 404 is the answer to a method.
  const wanted = (route: string, status: string) =>
    status.startsWith('2') || (route.endsWith('/methods') && status === '404');
  return rows.flatMap(([, route = '', status = '']) => (wanted(route, status) ? [route] : []));
}
