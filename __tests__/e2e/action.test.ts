import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type EmbeddedHub, type HubOptions, startHub } from '../../src/emulator/hub.ts';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import { hubFault } from '../../src/hub/faults.ts';
import { issueCertificates } from '../../src/identity/issue.ts';
import type { Fault } from '../../src/model/fault.ts';
import { headlines } from '../../src/report/headline.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { runFault } from '../../src/run/faults.ts';
import { runLines } from '../../src/run/lines.ts';
import { unread } from '../../src/run/unread.ts';
import { told } from '../support/finding.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { type ResultsService, startResultsService } from '../support/results-service.ts';
import { type ActionRun, faultsOf, runAction, shown } from './runner.ts';

let results: ResultsService;
beforeAll(async () => {
  results = await startResultsService();
});
afterAll(() => results.close());

async function hubWith(options: HubOptions = {}): Promise<EmbeddedHub> {
  const hub = await startHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

/** A repository with certificates for three devices. */
async function repository(manifest = manifestOf(['edge-1', 'edge-2', 'edge-3'])): Promise<string> {
  const folder = folderWith({ 'devices.yaml': manifest });
  await writeCertificates(folder, ['edge-1', 'edge-2', 'edge-3']);
  return folder;
}

function inputs(hub: EmbeddedHub, more: Record<string, string> = {}): Record<string, string> {
  return { 'connection-string': hub.connectionString, 'ca-file': hub.caFile, artifacts: 'none', ...more };
}

/** Every output of action.yml is set, whatever happened. */
function expectAllOutputs(run: ActionRun): void {
  const names = Object.keys(parse(readFileSync('action.yml', 'utf8')).outputs);
  expect(Object.keys(run.outputs).sort()).toEqual(names.sort());
}

describe('apply', () => {
  it('registers every device, renders it, and uploads one artifact a device', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    const run = await runAction({
      inputs: inputs(hub, { command: 'apply', artifacts: 'device', 'retention-days': '7' }),
      workspace,
      env: results.environment,
    });
    expect(run.stderr).toBe('');
    expect(run.code, run.stdout).toBe(0);
    expectAllOutputs(run);
    expect(run.outputs).toMatchObject({ result: 'changed', created: '3', updated: '0', unchanged: '0', failed: '0' });
    expect(JSON.parse(run.outputs.devices!)).toEqual(
      ['edge-1', 'edge-2', 'edge-3'].map((device) => ({ device, hub: hub.host, result: 'created' })),
    );

    const registered = hub.registry.get('edge-1')!;
    expect(registered).toMatchObject({ status: 'enabled', capabilities: { iotEdge: true } });
    expect(registered.authentication).toMatchObject({ type: 'selfSigned' });

    const folder = run.outputs['bundles-directory']!;
    const config = parse(readFileSync(join(folder, 'edge-1', 'config.yaml'), 'utf8'));
    expect(config.provisioning.authentication).toMatchObject({
      method: 'x509',
      device_id: 'edge-1',
      iothub_hostname: 'localhost',
    });
    const artifact = await results.files('iot-edge-edge-1');
    for (const [name, text] of Object.entries(artifact)) {
      expect(text, name).toBe(readFileSync(join(folder, 'edge-1', name), 'utf8'));
    }
    expect(Object.keys(artifact)).toEqual(['config.yaml', 'identity-certificate.pem', 'install.sh']);
    expect(run.outputs['artifact-ids']!.split(',')).toHaveLength(3);
    expect(run.summary).toContain(escapeMarkdown(headlines.changed({ created: 3 })));
    expect(run.stdout.split('\n').length, 'the log stays short').toBeLessThan(60);
  });

  it('goes on with the plan that was approved, and with no other', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    const planned = await runAction({ inputs: inputs(hub, { command: 'plan' }), workspace });
    const approved = { command: 'apply', 'plan-file': 'approved.json' };
    writeFileSync(join(workspace, 'approved.json'), readFileSync(planned.outputs['plan-file']!));
    writeFileSync(join(workspace, 'devices.yaml'), manifestOf(['edge-1', 'edge-2']));
    const other = await runAction({ inputs: inputs(hub, approved), workspace });
    expect(other.outputs).toMatchObject({ result: 'invalid', 'plan-file': '' });
    expect(other.stdout).toContain('plan/differs-from-approved');
    expect(hub.registry.all()).toEqual([]);
    writeFileSync(join(workspace, 'devices.yaml'), manifestOf(['edge-1', 'edge-2', 'edge-3']));
    const run = await runAction({ inputs: inputs(hub, approved), workspace });
    expect(run.outputs).toMatchObject({ result: 'changed', created: '3' });
  });

  it('writes nothing the second time', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    const before = hub.counts().registryWrites;
    const run = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(run.outputs).toMatchObject({ result: 'unchanged', created: '0', unchanged: '3' });
    expect(hub.counts().registryWrites - before).toBe(0);
    expect(run.code).toBe(0);
  });

  it('replaces the output directory as a whole', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    writeFileSync(join(workspace, 'devices.yaml'), manifestOf(['edge-2']));
    await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(readdirSync(join(workspace, 'device-bundles')).filter((name) => !name.startsWith('.'))).toEqual(['edge-2']);
  });

  it('reports a device that the hub refuses, and finishes the others', async () => {
    const hub = await hubWith({
      disturb: ({ method, path }) => {
        // Somebody else registers edge-2 between plan and write.
        if (method === 'POST' && path === '/devices' && hub.registry.get('edge-2') === undefined) {
          hub.registry.put({ deviceId: 'edge-2' });
        }
        return undefined;
      },
    });
    const workspace = await repository();
    const run = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(run.code).toBe(1);
    expectAllOutputs(run);
    expect(run.outputs).toMatchObject({ result: 'partial', created: '2', failed: '1' });
    const failed = JSON.parse(run.outputs.devices!).find(({ device }: { device: string }) => device === 'edge-2');
    expect(failed.reason).toContain('authentication sas → selfSigned');
    expect(hub.registry.get('edge-2')!.authentication).toMatchObject({ type: 'sas' });
    expect(readdirSync(join(workspace, 'device-bundles')).filter((name) => !name.startsWith('.'))).toEqual([
      'edge-1',
      'edge-3',
    ]);
  });

  it('says when an upload fails, and that the hub is as reported', async () => {
    const hub = await hubWith();
    const run = await runAction({
      inputs: inputs(hub, { command: 'apply', artifacts: 'fleet' }),
      workspace: await repository(),
      env: { ...results.environment, ACTIONS_RESULTS_URL: 'http://127.0.0.1:9/' },
    });
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ result: 'written', created: '3', 'artifact-ids': '' });
    const { remedy } = runFault('artifact-not-uploaded', { said: '' });
    expect(faultsOf(run)).toEqual([{ message: expect.stringMatching(/^artifact iot-edge-devices /), remedy }]);
    expect(run.stdout).toMatch(/^::error::artifact iot-edge-devices /m);
    expect(run.stdout).toContain(`%0A→ ${remedy}\n`);
  });
});

describe('nothing is written', () => {
  it('when the bundles or their artifacts would have nowhere to go', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    writeFileSync(join(workspace, 'taken'), '');
    const occupied = { command: 'apply', 'output-directory': 'taken' };
    expect((await runAction({ inputs: inputs(hub, occupied), workspace })).outputs.result).toBe('failed');
    const noRunner = await runAction({ inputs: inputs(hub, { command: 'apply', artifacts: 'device' }), workspace });
    const noToken = githubFault('uploads-outside-actions', { variable: 'ACTIONS_RUNTIME_TOKEN' });
    expect(faultsOf(noRunner)).toEqual([shown(noToken)]);
    expect(noRunner.stdout).toContain(noToken.message);
    expect(hub.counts().registryWrites).toBe(0);
  });

  it('of a connection string that was pasted into the wrong input, into the log or the summary', async () => {
    const hub = await hubWith();
    const key = /SharedAccessKey=(.*)$/.exec(hub.connectionString)![1]!;
    for (const input of ['hub', 'manifest', 'only-hub', 'command']) {
      const run = await runAction({
        inputs: inputs(hub, { command: 'plan', [input]: hub.connectionString }),
        workspace: await repository(),
      });
      expect(run.code, input).toBe(1);
      const left = [run.stdout.replace(/^::add-mask::.*$/gm, ''), run.stderr, run.summary, ...texts(run.temp)].join(
        '\n',
      );
      expect(left, input).not.toContain(key);
      expect(left, input).not.toContain(key.slice(0, 20));
    }
  });

  it('when the manifest has a fault: it is annotated on its line, and the hub is not called', async () => {
    const hub = await hubWith();
    const workspace = await repository(
      manifestOf(['edge-1'], '  - id: edge-2\n    certificates: { primary: certs/edge-3-primary.pem }\n'),
    );
    const run = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(run.code).toBe(1);
    expectAllOutputs(run);
    expect(run.outputs).toMatchObject({ result: 'invalid', created: '0', 'bundles-directory': '' });
    const details = { path: 'certs/edge-3-primary.pem', commonNames: ['edge-3'], id: 'edge-2' };
    expect(run.stdout).toContain(
      `\n::error title=certificate/cn-mismatch,file=devices.yaml,line=8,col=30::${told('certificate/cn-mismatch', details).message}%0A`,
    );
    expect(run.summary).toContain(
      'http://github.localhost/octo/fleet/blob/0123456789abcdef0123456789abcdef01234567/devices.yaml?plain=1#L8',
    );
    expect(hub.counts().requests).toBe(0);
  });

  it('when a device would be locked out', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    await writeCertificates(workspace, ['edge-1']);
    const before = hub.counts().registryWrites;
    const run = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(run.outputs.result).toBe('invalid');
    expect(run.stdout).toMatch(/::error title=plan\/lockout,file=devices.yaml,line=3/);
    expect(hub.counts().registryWrites).toBe(before);
    const allowed = await runAction({ inputs: inputs(hub, { command: 'apply', 'allow-lockout': 'true' }), workspace });
    expect(allowed.outputs).toMatchObject({ result: 'changed', updated: '1', unchanged: '2' });
  });

  it('to a hub that only the manifest names', async () => {
    const hub = await hubWith();
    const workspace = await repository(
      manifestOf(['edge-1']).replace('version: 1', 'version: 1\nhub: evil.example.com'),
    );
    const run = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(run.stdout).toMatch(/::error title=hub\/not-allowed,file=devices.yaml,line=2,col=6::/);
    expect(hub.counts().requests).toBe(0);
  });

  const command = runFault('not-one-of', {
    name: 'command',
    given: 'aply',
    words: ['validate', 'plan', 'apply', 'render', 'verify', 'list'],
  });
  const limit = runFault('not-a-limit', { name: 'max-changes', given: 'many' });
  const retention = runFault('not-days', { name: 'retention-days', given: 'forever', most: 3650 });
  const failOn = runFault('not-one-of', { name: 'fail-on', given: 'notice', words: ['error', 'warning'] });
  const comment = runFault('not-one-of', { name: 'comment', given: 'always', words: ['auto', 'never'] });

  it.each<[string, Readonly<Record<string, string>>, () => readonly Fault[]]>([
    ['without a connection string', { 'connection-string': '' }, () => [runFault('no-hub', {})]],
    ['with a wrong command', { command: 'aply' }, () => [command]],
    ['with a wrong limit', { 'max-changes': 'many' }, () => [limit]],
    [
      'with a connection string of a device',
      { 'connection-string': 'HostName=a.b;DeviceId=c;SharedAccessKey=ZA==' },
      () => [hubFault('connection-string-of-device', { line: 1 })],
    ],
    ['with a wrong retention', { 'retention-days': 'forever' }, () => [retention]],
    [
      'with a missing ca-file',
      { 'ca-file': 'nowhere.pem' },
      () => [runFault('ca-file-unreadable', { why: unread.missing() })],
    ],
    [
      'with five wrong inputs, which are all told',
      { command: 'aply', 'fail-on': 'notice', 'max-changes': 'many', 'retention-days': 'forever', comment: 'always' },
      () => [command, retention, failOn, limit, comment],
    ],
  ])('%s, and the outputs are set all the same', async (_, wrong, faults) => {
    const hub = await hubWith();
    const workspace = await repository();
    const run = await runAction({ inputs: inputs(hub, { command: 'apply', ...wrong }), workspace });
    expect(run.code).toBe(1);
    expectAllOutputs(run);
    const expected = faults();
    expect(faultsOf(run)).toEqual(expected.map(shown));
    for (const { message, remedy } of expected.map(shown)) {
      expect(`\n${run.stdout}`).toContain(
        `\n::error::${message.replaceAll('%', '%25')}%0A→ ${remedy.replaceAll('%', '%25')}\n`,
      );
      expect(run.summary).toContain(escapeMarkdown(message));
    }
    expect(run.outputs.result).toBe('failed');
    expect(hub.counts().registryWrites).toBe(0);
  });
});

describe('plan', () => {
  it('says what apply would do, and does not do it', async () => {
    const hub = await hubWith();
    const run = await runAction({ inputs: inputs(hub), workspace: await repository() });
    expect(run.code).toBe(0);
    expect(run.outputs).toMatchObject({ result: 'changes', created: '3' });
    expect(run.stdout).toMatch(/edge-1 +localhost:\d+ +create +new/);
    expect(hub.registry.all()).toEqual([]);
  });

  const pullRequest = (from: string) => ({ pull_request: { number: 7, head: { repo: { full_name: from } } } });

  it.each([
    ['a pull request from a fork', { event: pullRequest('mallory/fleet') }, githubLines['fork-without-secrets']()],
    [
      'Dependabot',
      { event: pullRequest('octo/fleet'), env: { GITHUB_ACTOR: 'dependabot[bot]' } },
      githubLines['dependabot-without-secrets'](),
    ],
  ])('of %s, which has no secrets, validates and says so', async (_, trigger, reason) => {
    const run = await runAction({ inputs: { command: 'plan' }, workspace: await repository(), ...trigger });
    expect(run.code, run.stdout).toBe(0);
    expect(run.outputs.result).toBe('valid');
    const title = runLines['plan-without-hub-title']();
    expect(run.stdout).toContain(`::notice title=${title}::${runLines['only-validated']({ reason })}\n`);
    const faulty = await runAction({
      inputs: { command: 'plan' },
      workspace: folderWith({ 'devices.yaml': 'x: 1' }),
      ...trigger,
    });
    expect(faulty.code).toBe(1);
    expect(faulty.outputs.result).toBe('invalid');
  });

  it('of a pull request of the repository itself needs its secrets', async () => {
    const run = await runAction({
      inputs: { command: 'plan' },
      workspace: await repository(),
      event: pullRequest('octo/fleet'),
    });
    expect(run.code).toBe(1);
  });

  it('stops at a warning with fail-on: warning', async () => {
    const hub = await hubWith();
    const workspace = await repository();
    const soon = { 'expiry-warning-days': '400' };
    expect((await runAction({ inputs: inputs(hub, soon), workspace })).code).toBe(0);
    const strict = await runAction({ inputs: inputs(hub, { ...soon, 'fail-on': 'warning' }), workspace });
    expect(strict.code).toBe(1);
    expect(strict.outputs.result).toBe('invalid');
  });
});

describe('secrets', () => {
  it('neither a private key nor the hub’s key is in anything that a run leaves', async () => {
    const hub = await hubWith();
    const workspace = folderWith({ 'devices.yaml': manifestOf(['edge-1', 'edge-2']) });
    const keysDirectory = folderWith();
    const ids = ['edge-1', 'edge-2'];
    await issueCertificates({ ids, certificatesDirectory: join(workspace, 'certs'), keysDirectory, now: new Date() });
    // One key lies in the repository, where it must not be.
    const [stray] = readdirSync(keysDirectory).filter((name) => name.endsWith('.key.pem'));
    const clean = await runAction({
      inputs: inputs(hub, { command: 'apply', artifacts: 'fleet' }),
      workspace,
      env: results.environment,
    });
    expect(clean.code, clean.stdout).toBe(0);
    writeFileSync(join(workspace, 'oops.pem'), readFileSync(join(keysDirectory, stray!)));
    const refused = await runAction({ inputs: inputs(hub, { command: 'apply' }), workspace });
    expect(refused.stdout).toContain('title=certificate/private-key-present,file=oops.pem');

    const artifact = await results.files('iot-edge-devices');
    const left = [clean, refused].flatMap((run) => [
      run.stdout,
      run.stderr,
      run.summary,
      ...Object.values(run.outputs),
      ...texts(run.temp),
    ]);
    const everything = [...left, ...Object.values(artifact), ...texts(join(workspace, 'device-bundles'))].join('\n');
    expect(everything).toContain('BEGIN CERTIFICATE');
    for (const secret of secretsOf(keysDirectory, hub.connectionString)) {
      // ::add-mask:: tells the runner the key, and the log does not show it. Nothing else may hold the key.
      expect(everything.replace(/^::add-mask::.*$/gm, '')).not.toContain(secret);
    }
  });
});

/** Every line of every private key, and the hub's key. */
function secretsOf(keysDirectory: string, connectionString: string): readonly string[] {
  const keys = readdirSync(keysDirectory).filter((name) => name.endsWith('.key.pem'));
  const lines = keys.flatMap((name) => readFileSync(join(keysDirectory, name), 'utf8').split('\n'));
  // The first line of a PKCS#8 key is the same for all keys of its kind.
  const secret = lines.filter((line) => line.length >= 40 && !line.startsWith('-----'));
  expect(secret.length).toBeGreaterThan(50);
  return [...secret, /SharedAccessKey=(.*)$/.exec(connectionString)![1]!];
}

function texts(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
