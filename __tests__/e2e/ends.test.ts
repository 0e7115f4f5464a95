import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import { waitingLines } from '../../src/hub/calls/waiting.ts';
import { runFault } from '../../src/run/faults.ts';
import { serveSilence } from '../hub/calls/loopback.ts';
import { clientId, startGitHubTokens, tenantId } from '../support/entra.ts';
import { folderWith } from '../support/folder.ts';
import { resultsToken } from '../support/results-service.ts';
import { faultsOf, runAction, runCli, type Started, shown } from './runner.ts';

/** Waits of a minute take less than a second. */
const fast = { NODE_OPTIONS: `--import=${pathToFileURL(resolve('__tests__/e2e/fast-clock.mjs')).href}` };

function manifest(count: number): string {
  const devices = Array.from({ length: count }, (_, n) => ({
    id: `edge-${n}`,
    thumbprints: { primary: createHash('sha1').update(`${n}`).digest('hex') },
  }));
  return JSON.stringify({ version: 1, defaults: { runtime: { version: '1.1', platform: 'debian' } }, devices });
}

const connectionString = (host: string) =>
  `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${Buffer.alloc(32).toString('base64')}`;

/** Keeps when the process last printed something. */
function lastLine(): { readonly started: Started; readonly since: () => number } {
  let at = 0;
  return {
    started: (child) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', () => {
          at = performance.now();
        });
      }
    },
    since: () => performance.now() - at,
  };
}

describe('a run whose calls are never answered', () => {
  it('says so, and ends within 2 s of its last line', { timeout: 90_000 }, async () => {
    // Each takes seconds, and nearly all of them are waiting.
    await Promise.all([askingAHub('a proxy'), askingAHub('a hub'), actionBehindAProxy(), signingIn(), importing()]);
  });

  const again = { next: 2, most: 5 };

  async function askingAHub(silent: 'a proxy' | 'a hub'): Promise<void> {
    const silence = await serveSilence();
    const host = silent === 'a hub' ? silence.host : 'contoso.azure-devices.net';
    const env = silent === 'a hub' ? {} : { HTTPS_PROXY: silence.url };
    const folder = folderWith({ 'devices.json': manifest(1) });
    const { started, since } = lastLine();
    const { code, stderr, stdout } = await runCli(
      ['plan', 'devices.json'],
      folder,
      { ...fast, ...env, IOTHUB_CONNECTION_STRING: connectionString(host) },
      started,
    );
    expect(since(), silent).toBeLessThan(2_000);
    expect(code, stdout).toBe(1);
    expect(stderr).toContain(`${waitingLines['no-answer']({ host, seconds: 60, again })}\n`);
    expect(silence.opened(), silent).toBeGreaterThanOrEqual(5);
  }

  async function actionBehindAProxy(): Promise<void> {
    const silence = await serveSilence();
    const host = 'contoso.azure-devices.net';
    const { started, since } = lastLine();
    const { code, stdout, outputs } = await runAction({
      workspace: folderWith({ 'devices.json': manifest(1) }),
      inputs: {
        command: 'apply',
        manifest: 'devices.json',
        artifacts: 'none',
        'connection-string': connectionString(host),
      },
      env: { ...fast, HTTPS_PROXY: silence.url.replace('//', '//user:pass%2Fword@') },
      started,
    });
    expect(since()).toBeLessThan(2_000);
    expect([code, outputs.result], stdout).toEqual([1, 'failed']);
    expect(stdout).toContain(`${waitingLines['no-answer']({ host, seconds: 60, again })}\n`);
    for (const secret of ['pass/word', 'pass%252Fword', Buffer.from('user:pass/word').toString('base64')]) {
      expect(stdout).toContain(`::add-mask::${secret}\n`);
    }
    expect(stdout.split('::add-mask::').length, 'the token too').toBeGreaterThan(4);
  }

  async function signingIn(): Promise<void> {
    const silence = await serveSilence();
    const github = await startGitHubTokens();
    const { started, since } = lastLine();
    const { code, stdout } = await runAction({
      workspace: folderWith({ 'devices.json': manifest(1) }),
      inputs: {
        manifest: 'devices.json',
        hub: 'contoso.azure-devices.net',
        'client-id': clientId,
        'tenant-id': tenantId,
      },
      env: { ...fast, ...github.env, AZURE_AUTHORITY_HOST: `https://${silence.host}` },
      started,
    });
    expect(since()).toBeLessThan(2_000);
    expect(code, stdout).toBe(1);
    const details = { host: silence.host, seconds: 60, again: { next: 2, most: 4 } };
    expect(stdout).toContain(`${waitingLines['no-answer'](details)}\n`);
  }

  async function importing(): Promise<void> {
    const silence = await serveSilence();
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const { started, since } = lastLine();
    const { code, stdout, stderr } = await runCli(
      ['apply', 'devices.json', '--ca-file', hub.caFile, '--hub-capacity', 'S1x1'],
      folderWith({ 'devices.json': manifest(1_000) }),
      {
        ...fast,
        IOTHUB_CONNECTION_STRING: hub.connectionString,
        IOTHUB_IMPORT_CONTAINER: `${silence.url}/account/container?sig=c2VjcmV0c2VjcmV0`,
      },
      started,
    );
    expect(since()).toBeLessThan(2_000);
    expect(code, stdout).toBe(1);
    const details = { host: silence.host, seconds: 60, again: { next: 2, most: 4 } };
    expect(stderr).toContain(`${waitingLines['no-answer'](details)}\n`);
    expect(hub.registry.all()).toEqual([]);
  }
});

describe('an apply whose artifacts are never taken', () => {
  it('writes the hub, says what is not done, and ends with 1 within 2 s of its last line', async () => {
    const silence = await serveSilence();
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const { started, since } = lastLine();
    const run = await runAction({
      workspace: folderWith({ 'devices.json': manifest(10) }),
      inputs: {
        command: 'apply',
        manifest: 'devices.json',
        'ca-file': hub.caFile,
        'connection-string': hub.connectionString,
      },
      env: {
        ...fast,
        ACTIONS_RESULTS_URL: silence.url,
        ACTIONS_RUNTIME_TOKEN: resultsToken,
        GITHUB_SERVER_URL: 'http://github.localhost',
      },
      started,
    });
    expect(since()).toBeLessThan(2_000);
    expect([run.code, run.outputs.result], run.stdout).toEqual([1, 'written']);
    expect(hub.registry.all()).toHaveLength(10);
    const failed = (reason: string, n: number) => {
      const message = { artifact: `iot-edge-edge-${n}`, devices: [`edge-${n}`], reason, nameTaken: false };
      return shown(runFault('artifact-not-uploaded', { said: githubLines['artifact-failed'](message) }));
    };
    const late = githubLines['upload-late']({ seconds: 301 });
    const notTried = githubLines['not-tried']({ artifact: 'iot-edge-edge-0' });
    expect(faultsOf(run)).toEqual(Array.from({ length: 10 }, (_, n) => failed(n === 0 ? late : notTried, n)));
  }, 60_000);
});

describe('an apply on GitHub Enterprise Server', () => {
  it.each<[string, Record<string, string>]>([
    ['as it is', {}],
    ['with ACTIONS_RESULTS_URL', { ACTIONS_RESULTS_URL: 'http://127.0.0.1:9/', ACTIONS_RUNTIME_TOKEN: 'x' }],
  ])('is refused before the first write: %s', async (_, env) => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const run = await runAction({
      workspace: folderWith({ 'devices.json': manifest(1) }),
      inputs: {
        command: 'apply',
        manifest: 'devices.json',
        'ca-file': hub.caFile,
        'connection-string': hub.connectionString,
      },
      env: { GITHUB_SERVER_URL: 'https://ghe.plant.example', ...env },
    });
    expect(run.code).toBe(1);
    expect(faultsOf(run)).toEqual([shown(githubFault('uploads-on-enterprise-server', {}))]);
    expect(hub.registry.all()).toEqual([]);
  });
});
