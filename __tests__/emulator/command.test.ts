import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorFault } from '../../src/emulator/faults.ts';
import { runFault } from '../../src/run/faults.ts';
import { unread } from '../../src/run/unread.ts';
import { terminalFault } from '../../src/terminal/faults.ts';
import { call } from './clients.ts';
import { jsonError } from './json-error.ts';

const cli = join(import.meta.dirname, '../../src/cli.ts');

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'command-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [cli, 'hub', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** The first lines that a process prints. */
async function firstLines(child: ChildProcess, count: number): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.split('\n').length > count) break;
  }
  return text;
}

const firstLine = (child: ChildProcess) => firstLines(child, 1);

it('hub --seed begins with the devices of the file, says in one line how to connect, and ends by SIGTERM', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'devices.txt'), '{"id":"a","tags":{"site":"berlin"}}\n{"id":"b"}\n');
  const child = run('--directory', join(folder, 'hub'), '--seed', join(folder, 'devices.txt'));
  const { connectionString, caFile, url } = JSON.parse(await firstLine(child));
  const hub = {
    host: new URL(url).host,
    ca: readFileSync(caFile, 'utf8'),
    connectionStrings: { iothubowner: connectionString },
  };
  const body = { query: "SELECT deviceId FROM devices WHERE tags.site = 'berlin'" };
  expect((await call(hub, 'POST', '/devices/query', { body })).json).toEqual([{ deviceId: 'a' }]);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('hub --capacity, --clock-speed and --faults throttle, hurry and disturb', async () => {
  const child = run('--capacity', 'S1x1', '--clock-speed', '1000', '--faults', '503:100%');
  const { connectionString, caFile, url } = JSON.parse(await firstLine(child));
  const hub = {
    host: new URL(url).host,
    ca: readFileSync(caFile, 'utf8'),
    connectionStrings: { iothubowner: connectionString },
  };
  expect((await call(hub, 'GET', '/devices')).status).toBe(503);
  expect((await call(hub, 'GET', '/metrics')).text).toContain('embedded_hub_faults_total{kind="503"} 1\n');
});

it.each(['sh', 'pwsh'] as const)('hub --host and --env tell a shell (%s) how clients reach the hub', async (shell) => {
  const directory = join(temporaryFolder(), "it's a hub");
  const args = shell === 'sh' ? ['--env'] : ['--env', shell];
  const child = run('--directory', directory, '--host', 'contoso.service.azure-devices.net', ...args);
  const printed = await firstLines(child, 5);
  const told = shell === 'sh' ? valuesInSh(printed) : valuesInPowerShell(printed);
  const { port } = JSON.parse(readFileSync(join(directory, 'settings.json'), 'utf8'));
  expect(told).toEqual({
    IOTHUB_CONNECTION_STRING: expect.stringMatching(
      `^HostName=contoso\\.service\\.azure-devices\\.net:${port};SharedAccessKeyName=iothubowner;SharedAccessKey=[^;]+$`,
    ),
    IOTHUB_CA_FILE: join(directory, 'ca.pem'),
    NODE_EXTRA_CA_CERTS: join(directory, 'ca-bundle.pem'),
    REQUESTS_CA_BUNDLE: join(directory, 'ca-bundle.pem'),
    SSL_CERT_FILE: join(directory, 'ca-bundle.pem'),
  });
  const bundle = readFileSync(join(directory, 'ca-bundle.pem'), 'utf8');
  for (const pem of [readFileSync(join(directory, 'ca.pem'), 'utf8'), ...rootCertificates])
    expect(bundle).toContain(pem.trim());
});

/** What a POSIX shell makes of the lines. */
function valuesInSh(lines: string): unknown {
  const print = 'process.stdout.write(JSON.stringify(process.env))';
  const env = execFileSync('sh', ['-c', `${lines}exec "$0" -e '${print}'`, process.execPath], {
    env: {},
    encoding: 'utf8',
  });
  const { PWD: _, ...exported } = JSON.parse(env);
  return exported;
}

/** What PowerShell makes of them, by its rules of quoting: in '…' only '' stands for something else. */
function valuesInPowerShell(lines: string): unknown {
  const forms = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => /^\$env:(\w+) = '((?:[^']|'')*)'$/.exec(line));
  return Object.fromEntries(forms.map((form) => [form?.[1], form?.[2]?.replaceAll("''", "'")]));
}

const wrongKind = emulatorFault('faults-option', {
  name: '--faults',
  kinds: ['429', '500', '503', '504', 'reset-before', 'reset-after', 'hang', 'truncated', 'slow'],
  problem: 'unknown-kind',
  part: '429',
});

it.each([
  [
    ['--capacity', 'S9x1'],
    ['--capacity: "S9x1"', 'S1x200'],
  ],
  [
    ['--faults', '429'],
    [wrongKind.message, `→ ${wrongKind.remedy}`],
  ],
  [
    ['--host', 'contoso', '--host', 'contoso.azure-devices.net:443', '--env', 'fish'],
    [
      runFault('hub-without-domain', { name: '--host', given: 'contoso', meant: 'contoso.azure-devices.net' }).message,
      terminalFault('not-a-host-alone', { given: 'contoso.azure-devices.net:443' }).message,
      runFault('not-one-of', { name: 'env', given: 'fish', words: ['sh', 'pwsh'] }).message,
    ],
  ],
  [
    ['--clock-speed', '0'],
    ['--clock-speed: "0"', 'from 1 to 100000'],
  ],
])('hub %j is wrong usage', async (args, texts) => {
  const { code, said } = await endOf(run(...args));
  expect(code).toBe(2);
  for (const text of texts) expect(said).toContain(text);
});

it('hub --seed ends with a remedy when the file is not there', async () => {
  const path = join(temporaryFolder(), 'devices.txt');
  const { code, said } = await endOf(run('--seed', path));
  expect(code).toBe(1);
  const { message, remedy } = terminalFault('seed-unreadable', { path, why: unread.missing() });
  for (const text of [message, remedy]) expect(said).toContain(text);
});

it('hub --seed ends with a remedy when the file is not JSON', async () => {
  const path = join(temporaryFolder(), 'devices.txt');
  writeFileSync(path, 'devices:\n');
  const { code, said } = await endOf(run('--seed', path));
  const { message, remedy } = emulatorFault('seed-not-json', {
    at: { name: path, line: 1 },
    why: jsonError('devices:'),
  });
  expect(code).toBe(1);
  expect(said).toContain(message);
  expect(said).toContain(`→ ${remedy}`);
});

async function endOf(child: ChildProcess): Promise<{ readonly code: unknown; readonly said: string }> {
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, said };
}
