import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorFault } from '../../src/emulator/faults.ts';
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

/** The first line that a process prints. */
async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0]!;
}

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
