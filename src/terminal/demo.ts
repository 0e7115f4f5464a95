import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '../emulator/hub.ts';
import { issueCertificates } from '../identity/issue.ts';
import type { Command, Report } from '../model/report.ts';
import { provision } from '../provision.ts';
import { plainStyle, reportLines } from '../report/text.ts';
import { readSettings } from '../run/settings.ts';
import { openSignIn } from '../run/sign-in.ts';
import { openWorkspace } from '../run/workspace.ts';
import { realWorld } from '../run/world.ts';
import { terminalLines } from './lines.ts';

const ids = ['edge-001', 'edge-002', 'edge-003'];

/** The manifest of the demo. It names no hub, because the run has only one. */
const manifest = `version: 1
defaults:
  certificates:
    primary: certs/{id}-primary.pem
    secondary: certs/{id}-secondary.pem
  runtime: { version: "1.6", platform: debian }
devices:
  - id: edge-001
  - id: edge-002
    runtime: { version: "1.1" }
    config: { hostname: press-2.plant.example }
  - id: edge-003
    status: disabled
    statusReason: awaiting repair
`;

/** The same manifest with mistakes that are expensive to find on the device. */
const broken = manifest
  .replace('id: edge-002', 'id: edge-002\n    certificates: { primary: certs/edge-001-primary.pem }')
  .replace('status: disabled', 'status: disbaled')
  .replace('press-2.plant.example', 'press_2');

/**
 * Shows the main job in a temporary folder: certificates, an embedded hub over TLS, apply, apply again, a broken manifest.
 * Removes the folder. Gives the exit code: 0 if every step ended as expected.
 */
export async function runDemo(print: (line: string) => void): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'provision-iot-edge-demo-'));
  const hub = await startHub({ directory: join(root, 'hub') });
  try {
    const repository = join(root, 'repository');
    mkdirSync(repository);
    const run = runner(repository, hub.connectionString, hub.caFile);

    print(terminalLines['demo-certificates']({ ids }));
    const keysDirectory = join(root, 'device-keys');
    await issueCertificates({ ids, certificatesDirectory: join(repository, 'certs'), keysDirectory, now: new Date() });

    print(terminalLines['demo-hub']({ url: hub.url }));
    writeFileSync(join(repository, 'devices.yaml'), manifest);
    print(indent(manifest));

    print(terminalLines['demo-apply']());
    const first = await run('apply');
    show(first, print);
    const [bundle] = first.bundles;
    if (bundle === undefined || first.result !== 'changed') return 1;
    const configurationOf = (directory: string, file: string) =>
      indent(readFileSync(join(repository, 'device-bundles', directory, file), 'utf8'));
    print(terminalLines['demo-bundle']({ directory: bundle.directory }));
    print(configurationOf(bundle.directory, 'config.toml'));
    print(terminalLines['demo-older-bundle']());
    print(configurationOf('edge-002', 'config.yaml'));

    print(terminalLines['demo-again']());
    const writes = hub.counts().registryWrites;
    const second = await run('apply');
    show(second, print);
    print(indent(terminalLines['demo-writes']({ writes: hub.counts().registryWrites - writes })));

    print(terminalLines['demo-mistakes']());
    writeFileSync(join(repository, 'devices.yaml'), broken);
    const third = await run('apply');
    show(third, print);
    return second.result === 'unchanged' && third.result === 'invalid' ? 0 : 1;
  } finally {
    await hub.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function runner(repository: string, connectionString: string, caFile: string): (command: Command) => Promise<Report> {
  return async (command) => {
    const { request, signIn, endpoints } = await readSettings(
      { command, manifest: 'devices.yaml', 'connection-string': connectionString },
      { directory: repository },
    );
    const credentials = await openSignIn(signIn, endpoints, { mask: () => {} });
    const progress = { phase: () => {}, waiting: () => {}, warning: () => {}, written: () => {} };
    return provision(
      request,
      realWorld({
        command: 'apply',
        workspace: openWorkspace(repository),
        credentials,
        caFile,
        env: process.env,
        progress,
      }),
    );
  };
}

function show(report: Report, print: (line: string) => void): void {
  print(indent(reportLines(report, plainStyle).join('\n')));
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '   ');
}
