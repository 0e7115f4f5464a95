import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { headlines } from '../../src/report/headline.ts';
import { runFault } from '../../src/run/faults.ts';
import { terminalFault } from '../../src/terminal/faults.ts';
import { terminalLines } from '../../src/terminal/lines.ts';
import { manifestOf, manyIds, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { run, runCli, shown } from './runner.ts';

async function hubAndFleet(
  ids: readonly string[],
): Promise<{ hub: EmbeddedHub; folder: string; env: Record<string, string> }> {
  const hub = await startHub();
  onTestFinished(() => hub.close());
  const folder = folderWith({ 'devices.yaml': manifestOf(ids) });
  await writeCertificates(folder, ids);
  return { hub, folder, env: { IOTHUB_CONNECTION_STRING: hub.connectionString } };
}

describe('the command line', () => {
  it('goes from plan over apply to verify, and notices drift', async () => {
    const { hub, folder, env } = await hubAndFleet(['edge-1', 'edge-2']);
    const cli = (...args: string[]) => runCli([...args, '--ca-file', hub.caFile], folder, env);

    const plan = await cli('plan');
    expect(plan.stdout).toContain(headlines.changes({ create: 2 }));
    expect(plan.code).toBe(0);
    expect((await cli('verify')).code, 'nothing is registered yet').toBe(1);

    const apply = await cli('apply');
    expect(apply.stdout).toContain(headlines.changed({ created: 2 }));
    expect(apply.code).toBe(0);
    expect(existsSync(join(folder, 'device-bundles/edge-1/config.yaml'))).toBe(true);

    const verify = await cli('verify');
    expect(verify.stdout).toContain(headlines['in-sync']({ devices: 2 }));
    expect(verify.code).toBe(0);

    const edge1 = hub.registry.get('edge-1')!;
    hub.registry.put({ ...edge1, status: 'disabled', statusReason: 'stolen' });
    expect((await cli('verify')).code, 'the manifest does not say that it is enabled').toBe(0);
    writeFileSync(join(folder, 'devices.yaml'), `${manifestOf(['edge-1', 'edge-2'])}    status: disabled\n`);
    const drift = await cli('verify');
    expect(drift.stdout).toMatch(/edge-2 +localhost:\d+ +update +status enabled → disabled/);
    expect(drift.code).toBe(1);

    hub.registry.put({ deviceId: 'leaf' });
    hub.registry.put({ deviceId: 'stranger', capabilities: { iotEdge: true } });
    const list = await cli('list');
    expect(list.stdout).toMatch(/edge-1 .* yes\n/);
    expect(list.stdout).toMatch(/stranger .* no\n/);
    expect(list.stdout).not.toContain('leaf');
    expect(list.code).toBe(0);
  });

  it('prints one JSON document with --json, and nothing else', async () => {
    const { hub, folder, env } = await hubAndFleet(['edge-1']);
    const apply = await runCli(['apply', '--json', '--ca-file', hub.caFile], folder, env);
    expect(JSON.parse(apply.stdout)).toEqual({
      command: 'apply',
      result: 'changed',
      findings: [
        expect.objectContaining({ rule: 'runtime/out-of-support', file: 'devices.yaml', line: 4, column: 23 }),
      ],
      changes: [{ device: 'edge-1', hub: hub.host, kind: 'create', reasons: [] }],
      outcome: {
        created: 1,
        updated: 0,
        claimed: 0,
        unchanged: 0,
        removed: 0,
        tagged: 0,
        failed: 0,
        unknown: 0,
        devices: [{ device: 'edge-1', hub: hub.host, result: 'created' }],
      },
      bundles: [
        {
          device: 'edge-1',
          hub: hub.host,
          directory: 'edge-1',
          files: ['config.yaml', 'identity-certificate.pem', 'install.sh'],
        },
      ],
      faults: [],
    });
    expect(apply.stderr).toBe('');

    const refused = await runCli(['plan', '--json'], folder, {});
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      command: 'plan',
      result: 'failed',
      faults: [{ remedy: expect.stringContaining('IOTHUB_CONNECTION_STRING') }],
    });
  });

  it('reads every form of manifest', async () => {
    const { folder } = await hubAndFleet(['edge-1']);
    const runtime = { version: '1.1', platform: 'debian' };
    const certificates = { primary: 'certs/edge-1-primary.pem', secondary: 'certs/edge-1-secondary.pem' };
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ devices: [{ id: 'edge-1', runtime, certificates }] }));
    writeFileSync(
      join(folder, 'a.csv'),
      'id;certificates.primary;certificates.secondary;runtime.version;runtime.platform\r\n' +
        'edge-1;certs/edge-1-primary.pem;certs/edge-1-secondary.pem;1.1;debian\r\n',
    );
    for (const name of ['devices.yaml', 'a.json', 'a.csv']) {
      const { code, stdout } = await runCli(['validate', name], folder);
      expect(stdout, name).toContain(headlines.valid({ devices: 1 }));
      expect(code, name).toBe(0);
    }
  });

  it('makes a first manifest of a folder of certificates', async () => {
    const { folder } = await hubAndFleet(['edge-1', 'edge-2']);
    const made = await runCli(['new', 'certs', '--hub', 'contoso.azure-devices.net', '--output', 'new.yaml'], folder);
    expect(made.code, made.stdout + made.stderr).toBe(0);
    const validate = await runCli(['validate', 'new.yaml'], folder);
    expect(validate.stdout).toContain(headlines.valid({ devices: 2 }));
  });

  it('ends quietly when its reader does', async () => {
    const { folder } = await hubAndFleet(['edge-1']);
    const child = spawn(process.execPath, [resolve('dist/cli.js'), 'validate'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    await once(child, 'close');
    expect(errors).toBe('');
  });

  it('keeps what it found when the hub then refuses it', async () => {
    const { hub, folder } = await hubAndFleet(['edge-1']);
    const wrong = hub.connectionString.replace(/SharedAccessKey=.*/, 'SharedAccessKey=d3Jvbmc=');
    const { code, stdout } = await runCli(['plan', '--ca-file', hub.caFile], folder, {
      IOTHUB_CONNECTION_STRING: wrong,
    });
    expect(code).toBe(1);
    expect(stdout).toContain('runtime/out-of-support');
    expect(stdout).toContain('iothubowner');
  });

  it('writes bundles without any hub by render', async () => {
    const { folder } = await hubAndFleet(['edge-1']);
    const without = await runCli(['render'], folder);
    expect(without.stdout).toContain('hub/ambiguous');
    const render = await runCli(['render', '--hub', 'contoso.azure-devices.net', '--output-directory', 'out'], folder);
    expect(render.stdout).toContain(headlines.rendered({ bundles: 1 }));
    expect(render.stdout).toContain(join(realpathSync(folder), 'out'));
    const config = parse(readFileSync(join(folder, 'out/edge-1/config.yaml'), 'utf8'));
    expect(config.provisioning.authentication.iothub_hostname).toBe('contoso.azure-devices.net');
  });

  it('takes the git work tree for its workspace, wherever it is called', async () => {
    const root = folderWith({ 'fleet/devices.yaml': manifestOf(['edge-1']) });
    mkdirSync(join(root, '.git'));
    await writeCertificates(join(root, 'fleet'), ['edge-1']);
    const validate = await runCli(['validate', 'devices.yaml'], join(root, 'fleet'));
    expect(validate.code, validate.stdout).toBe(0);
    // A file is named as one would type it.
    expect(validate.stdout).toMatch(/^devices.yaml:4:23 notice/m);
    expect((await runCli(['validate', 'fleet/*.yaml'], root)).code).toBe(0);
  });

  it.each([
    ['no such command', ['provision'], 'unknown command'],
    ['no such option', ['validate', '--adopt'], 'unknown option'],
    [
      'a wrong value',
      ['plan', '--max-changes', 'all'],
      runFault('not-a-limit', { name: 'max-changes', given: 'all' }).message,
    ],
    [
      'a wrong port',
      ['hub', '--port', '99999'],
      terminalFault('not-a-number', { name: 'port', given: '99999', least: 0, most: 65_535 }).message,
    ],
    ['a wrong validity', ['issue', 'a', '--days', '-1'], terminalFault('not-days', { given: '-1' }).message],
  ])('ends with 2 for %s', async (_, args, words) => {
    const folder = folderWith({ 'devices.yaml': manifestOf(['edge-1']) });
    const { code, stdout, stderr } = await runCli(args, folder);
    expect(stdout + stderr).toContain(words);
    expect(code).toBe(2);
  });

  it('tells all wrong settings in one run, and asks no hub', async () => {
    const { hub, folder, env } = await hubAndFleet(['edge-1']);
    const before = hub.counts().requests;
    const wrong = ['--fail-on', 'notice', '--max-changes', 'many', '--time-limit', '0', '--prune', 'all'];
    const { code, stdout } = await runCli(['apply', '--json', '--ca-file', hub.caFile, ...wrong], folder, env);
    expect(JSON.parse(stdout).faults).toEqual(
      [
        runFault('not-minutes', { name: 'time-limit', given: '0', most: 10_080 }),
        runFault('not-one-of', { name: 'fail-on', given: 'notice', words: ['error', 'warning'] }),
        runFault('not-a-limit', { name: 'max-changes', given: 'many' }),
        runFault('not-one-of', { name: 'prune', given: 'all', words: ['none', 'disable', 'delete'] }),
      ].map(shown),
    );
    expect(code).toBe(2);
    expect(hub.counts().requests).toBe(before);
    expect(existsSync(join(folder, 'device-bundles'))).toBe(false);
  });

  it('tells two hubs apart, and leaves one out with --only-hub', async () => {
    const [one, two] = [await startHub(), await startHub()];
    onTestFinished(() => one.close().then(() => two.close()));
    const folder = folderWith({
      'one.yaml': manifestOf(['edge-1']).replace('version: 1', `version: 1\nhub: ${one.host}`),
      'two.yaml': manifestOf(['edge-1']).replace('version: 1', `version: 1\nhub: ${two.host}`),
      'both.pem': `${one.ca}\n${two.ca}`,
    });
    await writeCertificates(folder, ['edge-1']);
    const env = { IOTHUB_CONNECTION_STRING: `${one.connectionString}\n${two.connectionString}` };
    const apply = (...args: string[]) => runCli(['apply', '*.yaml', '--ca-file', 'both.pem', ...args], folder, env);
    const only = await apply('--only-hub', two.host);
    expect(only.code, only.stdout).toBe(0);
    expect(only.stdout).toContain(headlines.changed({ created: 1 }));
    expect([one.registry.all().length, two.registry.all().length]).toEqual([0, 1]);
    const both = await apply();
    expect(both.stdout).toContain(headlines.changed({ created: 1, unchanged: 1 }));
    // The folders of a fleet with several hubs are the same, whichever part of it a run is about.
    const folders = readdirSync(join(folder, 'device-bundles')).filter((name) => !name.startsWith('.'));
    expect(folders).toHaveLength(2);
  });
});

describe('issue', () => {
  it('makes a fleet that validates, keeps keys to their owner, and never overwrites', async () => {
    const folder = folderWith({ 'devices.yaml': manifestOf(['edge-1', 'a:b']) });
    const issue = await runCli(['issue', 'edge-1', 'a:b'], folder);
    expect(issue.code, issue.stderr).toBe(0);
    expect(statSync(join(folder, 'device-keys/edge-1-primary.key.pem')).mode & 0o777).toBe(0o600);
    const again = await runCli(['issue', 'edge-1'], folder);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('edge-1-primary.pem');

    // Git ignores the folder of the keys, so that the repository can be validated with them in place.
    await run(['-e', `require('node:child_process').execSync('git init -q', { cwd: ${JSON.stringify(folder)} })`], {
      env: { PATH: process.env.PATH ?? '' },
    });
    const validate = await runCli(['validate'], folder);
    expect(validate.stdout).not.toContain('private-key-present');
    expect(validate.code, validate.stdout).toBe(0);
  });
});

describe('demo', () => {
  it('shows the main job from the committed dist in under 10 s', async () => {
    const { code, stdout, milliseconds } = await runCli(['demo'], folderWith());
    expect(code, stdout).toBe(0);
    expect(milliseconds).toBeLessThan(10_000);
    expect(stdout).toContain(headlines.changed({ created: 3 }));
    expect(stdout).toContain(terminalLines['demo-writes']({ writes: 0 }));
    for (const rule of ['certificate/cn-mismatch', 'manifest/type', 'config/hostname']) expect(stdout).toContain(rule);
  });
});

describe('hub', () => {
  it('serves a fleet, ends on SIGTERM, and has it again after a restart', async () => {
    const folder = folderWith({ 'devices.yaml': manifestOf(manyIds(3)) });
    await writeCertificates(folder, manyIds(3));
    const state = folderWith();
    const start = async () => {
      const child = spawn(process.execPath, [resolve('dist/cli.js'), 'hub', '--directory', state], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [line] = await once(createInterface(child.stdout), 'line');
      const { connectionString, caFile, url } = JSON.parse(line);
      return { child, connectionString, caFile, url };
    };
    const first = await start();
    expect(first.url).toMatch(/^https:\/\/localhost:\d+$/);
    const apply = (hub: { connectionString: string; caFile: string }) =>
      runCli(['apply', '--ca-file', hub.caFile], folder, { IOTHUB_CONNECTION_STRING: hub.connectionString });
    expect((await apply(first)).stdout).toContain(headlines.changed({ created: 3 }));
    first.child.kill('SIGTERM');
    expect((await once(first.child, 'exit'))[0]).toBe(0);

    const second = await start();
    expect(second.connectionString, 'the same keys and port').toBe(first.connectionString);
    expect((await apply(second)).stdout).toContain(headlines.unchanged({ command: 'apply', devices: 3 }));
  });
});

describe('the command line in a step of a workflow', () => {
  const devices = (path: string) => ({ id: 'edge-1', certificates: { primary: path } });
  const manifest = JSON.stringify({
    version: 1,
    defaults: { runtime: { version: '1.1', platform: 'debian' } },
    devices: [devices('certs/##[add-mask]edge.pem'), { ...devices('x\n::stop-commands::token'), id: 'edge-2' }],
  });
  const isCommand = (line: string) => /^\s*::/.test(line) || line.includes('##[');

  it('prints nothing that is a command of the runner', async () => {
    const folder = folderWith({ 'devices.json': manifest, '::add-mask::e.yaml': '##[group]: x\n' });
    for (const args of [['devices.json'], ['::add-mask::e.yaml'], ['##[error]x.yaml'], ['--##[debug]x']]) {
      const outside = await runCli(['validate', ...args], folder);
      const { code, stdout, stderr } = await runCli(['validate', ...args], folder, { GITHUB_ACTIONS: 'true' });
      expect(code).toBe(outside.code);
      expect(`${outside.stdout}\n${outside.stderr}`.split('\n').filter(isCommand), 'elsewhere').not.toEqual([]);
      expect(`${stdout}\n${stderr}`.split(/[\r\n]+/).filter(isCommand)).toEqual([]);
    }
  });

  it('prints the same JSON, and no command in it', async () => {
    const folder = folderWith({ 'devices.json': manifest });
    const outside = await runCli(['validate', 'devices.json', '--json'], folder);
    const { stdout } = await runCli(['validate', 'devices.json', '--json'], folder, { GITHUB_ACTIONS: 'true' });
    expect(JSON.parse(stdout)).toEqual(JSON.parse(outside.stdout));
    expect(JSON.stringify(JSON.parse(stdout))).toContain('##[add-mask]');
    expect(stdout.split('\n').filter(isCommand)).toEqual([]);
  });
});
