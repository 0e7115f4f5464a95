import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { issueCertificates } from '../../src/identity/issue.ts';
import type { Command, Report } from '../../src/model/report.ts';
import { provision } from '../../src/provision.ts';
import { readSettings } from '../../src/run/settings.ts';
import { openSignIn } from '../../src/run/sign-in.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { realWorld } from '../../src/run/world.ts';

const ids = ['hamburg-gateway', 'hamburg-press-1', 'hamburg-press-2', 'lyon-mill-1', 'lyon-mill-2', 'lyon-paint-1'];
const ending = ['lyon-mill-1', 'lyon-mill-2'];

/** `added` are settings of devices, by their ids. */
function manifest(devices: readonly string[], added: Readonly<Record<string, string>> = {}): string {
  const more: Readonly<Record<string, string>> = {
    'hamburg-gateway': 'config: { hostname: gateway.hamburg.example }',
    ...added,
  };
  const lines = devices.flatMap((id) => {
    const parent = /^hamburg-press/.test(id) ? ['    parent: hamburg-gateway'] : [];
    const own = more[id];
    return [`  - id: ${id}`, ...parent, ...(own === undefined ? [] : [`    ${own}`])];
  });
  return [
    'version: 1',
    'defaults:',
    '  certificates:',
    '    primary: certs/{id}-primary.pem',
    '    secondary: certs/{id}-secondary.pem',
    '  runtime: { version: "1.6", platform: debian }',
    'devices:',
    ...lines,
    '',
  ].join('\n');
}

/** A plan that adds a device, renews a certificate, and meets certificates that end soon. */
export async function proposedPlan(): Promise<{ readonly report: Report; readonly root: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'provision-iot-edge-pictures-'));
  const hub = await startHub({ directory: join(folder, 'hub') });
  try {
    const root = join(folder, 'fleet');
    mkdirSync(root);
    const issue = (wanted: readonly string[], days: number) =>
      issueCertificates({
        ids: wanted,
        certificatesDirectory: join(root, 'certs'),
        keysDirectory: join(folder, 'keys'),
        now: new Date(),
        days,
      });
    await issue(
      ids.filter((id) => !ending.includes(id)),
      365,
    );
    await issue(ending, 21);
    const file = join(root, 'devices.yaml');
    writeFileSync(file, manifest(ids.slice(0, -1)));
    await run('apply', root, hub);
    writeFileSync(
      file,
      manifest(ids, { 'hamburg-press-2': 'tags: { site: hamburg, hall: 4 }', 'lyon-mill-2': 'status: disabled' }),
    );
    return { report: await run('plan', root, hub), root };
  } finally {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(command: Command, root: string, hub: EmbeddedHub): Promise<Report> {
  const { request, signIn, endpoints } = await readSettings(
    { command, 'connection-string': hub.connectionString, 'report-html': 'report.html' },
    { directory: root },
  );
  const credentials = await openSignIn(signIn, endpoints, { mask: () => {} });
  const progress = { phase: () => {}, waiting: () => {}, warning: () => {}, written: () => {} };
  const surroundings = { command, workspace: openWorkspace(root), credentials, caFile: hub.caFile, env: {}, progress };
  return provision(request, realWorld(surroundings));
}
