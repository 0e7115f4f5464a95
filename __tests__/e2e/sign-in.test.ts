import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TokenWish } from '../../src/emulator/access/bearer.ts';
import { type Authority, makeAuthority } from '../../src/emulator/disk/authority.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import { callFault } from '../../src/hub/calls/faults.ts';
import type { EntraPrincipal } from '../../src/hub/credential.ts';
import { entraFault } from '../../src/hub/entra/faults.ts';
import type { Fault } from '../../src/model/fault.ts';
import type { Command } from '../../src/model/report.ts';
import { runFault } from '../../src/run/faults.ts';
import { runLines } from '../../src/run/lines.ts';
import { applicationPrincipal, cliPrincipal, signingIn } from '../../src/run/sign-in.ts';
import { endpoint } from '../hub/devices.ts';
import { clientId, type EntraOptions, startEntra, startGitHubTokens, tenantId } from '../support/entra.ts';
import { manifestOf, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { type ActionRun, faultsOf, runAction, runCli, shown, type Trigger } from './runner.ts';

let hub: EmbeddedHub;
let authority: Authority;
beforeAll(async () => {
  [hub, authority] = await Promise.all([startHub(), makeAuthority(new Date())]);
});
afterAll(() => hub.close());
beforeEach(() => hub.reset());

const ids = { 'client-id': clientId, 'tenant-id': tenantId };
const reader: TokenWish = { roles: ['IoT Hub Data Reader'], principal: clientId };
const writer: TokenWish = { roles: ['IoT Hub Data Reader', 'IoT Hub Registry Contributor'], principal: clientId };

async function repository(manifest = manifestOf(['edge-1'])): Promise<string> {
  const workspace = folderWith({ 'devices.yaml': manifest, 'ca.pem': `${hub.ca}${authority.ca}` });
  await writeCertificates(workspace, ['edge-1']);
  return workspace;
}

/** A job that may have ID tokens, in a tenant that trusts it: its environment, and the secrets that no log may show. */
async function job(wish: TokenWish, options: Partial<EntraOptions> = {}) {
  const secrets: string[] = [];
  const token = () => {
    secrets.push(hub.mintToken(wish));
    return { token: secrets.at(-1) ?? '', seconds: 3600 };
  };
  const [entra, github] = await Promise.all([startEntra({ authority, token, ...options }), startGitHubTokens()]);
  return {
    entra,
    env: { ...github.env, AZURE_AUTHORITY_HOST: entra.url },
    secrets: () => [...secrets, ...github.issued, github.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN],
  };
}

const inputs = (command: string, more: Readonly<Record<string, string>> = ids): Trigger['inputs'] => ({
  command,
  hub: hub.host,
  'ca-file': 'ca.pem',
  artifacts: 'none',
  ...more,
});

/** The line that says who signs in to the hub. */
function signingInAs(principal: EntraPrincipal, command: Command): string {
  return signingIn(command, { kind: 'entra', host: endpoint(hub.host), principal, token: async () => '' }, false);
}

/** The fault of the application that lacks a role. The answer is the embedded hub's. */
function roleMissing(right: 'Registry Write' | 'Twin Write', method: string, path: string): Fault {
  const principal = applicationPrincipal(clientId);
  const answer = `401, IotHubUnauthorized, Principal ${clientId} is not authorized for ${method} on ${path} due to no assigned permissions`;
  return callFault('role-missing', { host: hub.host, principal, right, answer });
}

/** Everything that a run leaves behind, except the lines that tell the runner what to hide. */
function traces({ stdout, stderr, summary, outputs }: ActionRun): string {
  const log = stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  return [...log, stderr, summary, JSON.stringify(outputs)].join('\n');
}

function expectHidden(run: ActionRun, secrets: readonly string[]): void {
  for (const secret of secrets) expect(traces(run)).not.toContain(secret);
}

describe("sign-in by GitHub's OIDC", () => {
  it('plans as a reader and applies as a writer; tells who signs in, and no token is to be seen', async () => {
    const workspace = await repository();
    const reading = await job(reader);
    const plan = await runAction({ inputs: inputs('plan'), workspace, env: reading.env });
    expect(plan.code, plan.stdout).toBe(0);
    expect(plan.outputs).toMatchObject({ result: 'changes', created: '1' });
    const writing = await job(writer);
    const apply = await runAction({ inputs: inputs('apply'), workspace, env: writing.env });
    expect(apply.code, apply.stdout).toBe(0);
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(['edge-1']);
    expect(plan.stdout).toContain(`${signingInAs(applicationPrincipal(clientId), 'plan')}\n`);
    expect(apply.stdout).toContain(`${signingInAs(applicationPrincipal(clientId), 'apply')}\n`);
    const { roles } = reader;
    for (const role of roles ?? []) expect(plan.stdout).toContain(role);
    expectHidden(plan, reading.secrets());
    expectHidden(apply, writing.secrets());
    for (const secret of writing.secrets().slice(0, 2)) expect(apply.stdout).toContain(`::add-mask::${secret}`);
  });

  it('as a reader does not apply, and says which role is missing', async () => {
    const { env, secrets } = await job(reader);
    const run = await runAction({ inputs: inputs('apply'), workspace: await repository(), env });
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ result: 'failed', failed: '1' });
    expect(faultsOf(run)).toEqual([shown(roleMissing('Registry Write', 'POST', '/devices'))]);
    expect(faultsOf(run)[0]?.remedy).toContain(`--assignee ${clientId}`);
    expect(hub.registry.all()).toEqual([]);
    expectHidden(run, secrets());
  });

  it('without the role for tags writes nothing at all, and says which role is missing', async () => {
    const tagged = (site: string) =>
      manifestOf(['edge-1'], '').replace('devices:', `  tags: { site: ${site} }\ndevices:`);
    const workspace = await repository(tagged('berlin'));
    expect((await runAction({ inputs: inputs('apply'), workspace, env: (await job(writer)).env })).code).toBe(0);
    await writeCertificates(workspace, ['edge-2']);
    writeFileSync(join(workspace, 'devices.yaml'), `${tagged('bonn')}  - id: edge-2\n`);
    const run = await runAction({ inputs: inputs('apply'), workspace, env: (await job(writer)).env });
    expect(run.code).toBe(1);
    expect(faultsOf(run)).toEqual([shown(roleMissing('Twin Write', 'PATCH', '/twins/edge-1'))]);
    expect(run.stdout).toContain(`--assignee ${clientId}`);
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(['edge-1']);
  });

  it('that Entra refuses shows issuer, subject and audience, and asks no hub', async () => {
    const before = hub.counts().requests;
    const { env, secrets } = await job(reader, { subjects: ['repo:octo/fleet:environment:production'] });
    const run = await runAction({ inputs: inputs('plan'), workspace: await repository(), env });
    expect(run.code).toBe(1);
    const claims = {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:octo/fleet:ref:refs/heads/main',
      audience: 'api://AzureADTokenExchange',
    };
    const answer = `AADSTS700213: No matching federated identity record found for presented assertion subject '${claims.subject}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion`;
    expect(faultsOf(run)).toEqual([
      shown(entraFault('id-token-not-trusted', { application: { clientId, tenantId }, claims, answer })),
    ]);
    expect(run.stdout).toContain(claims.subject);
    expect(hub.counts().requests).toBe(before);
    expectHidden(run, secrets());
  });

  it('without the permission says what to write, and asks nobody', async () => {
    const { env, entra } = await job(reader);
    const run = await runAction({
      inputs: inputs('plan'),
      workspace: await repository(),
      env: { AZURE_AUTHORITY_HOST: env.AZURE_AUTHORITY_HOST },
    });
    expect(run.code).toBe(1);
    expect(faultsOf(run)).toEqual([shown(githubFault('id-token-not-allowed', { withoutSecrets: undefined }))]);
    expect(run.stdout).toContain('id-token: write');
    expect(entra.asked).toEqual([]);
  });

  it.each([
    ['both ids', ids],
    ['the half that is no secret', { 'tenant-id': tenantId }],
    ['no ids', {}],
  ])('with %s is not tried for a pull request of a fork: it validates', async (_, given) => {
    const run = await runAction({
      inputs: inputs('plan', given),
      workspace: await repository(),
      event: { pull_request: { number: 7, head: { repo: { full_name: 'mallory/fleet' } } } },
    });
    expect(run.code, run.stdout).toBe(0);
    expect(run.outputs.result).toBe('valid');
    const title = runLines['plan-without-hub-title']();
    const reason = githubLines['fork-without-secrets']();
    expect(run.stdout).toContain(`::notice title=${title}::${runLines['only-validated']({ reason })}\n`);
  });

  it('is not asked for where no hub is: validate and render', async () => {
    const { entra, env } = await job(reader);
    for (const command of ['validate', 'render']) {
      const run = await runAction({ inputs: inputs(command), workspace: await repository(), env });
      expect(run.code, run.stdout).toBe(0);
    }
    expect(entra.asked).toEqual([]);
  });

  it('beside a connection string is refused before any call', async () => {
    const before = hub.counts().requests;
    const { env, entra } = await job(reader);
    const both = inputs('plan', { ...ids, 'connection-string': hub.connectionString });
    const run = await runAction({ inputs: both, workspace: await repository(), env });
    expect(run.code).toBe(1);
    expect(faultsOf(run)).toEqual([shown(runFault('two-ways-to-sign-in', {}))]);
    expect([entra.asked, hub.counts().requests]).toEqual([[], before]);
    expect(traces(run)).not.toContain(/SharedAccessKey=(.*)/.exec(hub.connectionString)?.[1]);
  });

  it('gives no token to a hub that the manifest alone names', async () => {
    const stranger = await startHub();
    const { entra, env } = await job(writer);
    const workspace = await repository(`hub: ${stranger.host}\n${manifestOf(['edge-1'])}`);
    const run = await runAction({ inputs: inputs('apply'), workspace, env });
    expect(run.outputs.result).toBe('invalid');
    expect(run.stdout).toContain('hub/not-allowed');
    expect(stranger.counts().requests).toBe(0);
    expect(entra.asked).toEqual([]);
    await stranger.close();
  });
});

describe('sign-in by the session of the Azure CLI', () => {
  /** A PATH with a stand-in for `az`, which needs a tenant: it gives a token of the hub. */
  function session(wish: TokenWish) {
    const token = hub.mintToken(wish);
    const expires = Math.floor(Date.now() / 1000) + 3600;
    const answer = {
      accessToken: token,
      expiresOn: '2026-11-23 13:00:00.000000',
      expires_on: expires,
      tokenType: 'Bearer',
    };
    const folder = folderWith();
    writeFileSync(join(folder, 'az'), `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(join(folder, 'az'), 0o755);
    return { token, env: { PATH: `${folder}${delimiter}${process.env.PATH}` } };
  }

  it('serves the action, where azure/login left it', async () => {
    const { token, env } = session(writer);
    const run = await runAction({ inputs: inputs('apply', {}), workspace: await repository(), env });
    expect(run.code, run.stdout).toBe(0);
    expect(hub.registry.all()).toHaveLength(1);
    expect(run.stdout).toContain(signingInAs(cliPrincipal, 'apply'));
    expect(run.stdout).toContain(`::add-mask::${token}`);
    expectHidden(run, [token]);
  });

  it('serves the command line', async () => {
    const { env } = session(reader);
    const options = ['--hub', hub.host, '--ca-file', 'ca.pem'];
    const run = await runCli(['plan', 'devices.yaml', ...options], await repository(), env);
    expect(run.code, run.stdout).toBe(0);
    expect(run.stdout).toContain('edge-1');
  });

  it('that is not there is a fault with the ways there are', async () => {
    const options = ['--hub', hub.host, '--ca-file', 'ca.pem'];
    const run = await runCli(['plan', 'devices.yaml', ...options], await repository(), { PATH: folderWith() });
    expect(run.code).toBe(1);
    const { message, remedy } = entraFault('azure-cli-missing', {});
    expect(run.stdout).toContain(message);
    expect(run.stdout).toContain(remedy);
  });
});
