import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authority, makeAuthority } from '../../../src/emulator/disk/authority.ts';
import { httpFailure } from '../../../src/hub/calls/http.ts';
import { waitingLines } from '../../../src/hub/calls/waiting.ts';
import { hubScope } from '../../../src/hub/credential.ts';
import { exchangeIdToken } from '../../../src/hub/entra/entra.ts';
import { exchangeRefusal } from '../../../src/hub/entra/entra-refusal.ts';
import { type Claims, entraFault } from '../../../src/hub/entra/faults.ts';
import { clientId, type EntraOptions, idToken, startEntra, subject, tenantId } from '../../support/entra.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { anyText, saidWithAnyText } from '../answers.ts';
import { serveProxy, serveSilence } from '../calls/loopback.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority(new Date());
});

const application = { clientId, tenantId };

/**
 * Prepares an exchange with an Entra on this machine. `again` makes it. `masked` and `assertions` collect what it
 * masked and sent.
 */
async function exchange(options: Partial<EntraOptions> = {}, claims: object = {}, id = application, proxy = '') {
  const entra = await startEntra({ authority, token: () => ({ token: 'access-token', seconds: 3600 }), ...options });
  const masked: string[] = [];
  const assertions: string[] = [];
  const again = () =>
    exchangeIdToken(id, hubScope, {
      idToken: async (audience) => {
        const token = idToken({ aud: audience, ...claims });
        assertions.push(token);
        return token;
      },
      mask: (secret) => masked.push(secret),
      ca: authority.ca,
      authorityHost: entra.url,
      proxyFor: () => proxy,
    });
  return { again, entra, masked, assertions };
}

describe('an ID token', () => {
  it('is exchanged for a token of the application, both masked', async () => {
    const { again, entra, masked, assertions } = await exchange();
    const before = Date.now();
    const { token, expires } = await again();
    expect(token).toBe('access-token');
    expect(expires - before).toBeGreaterThan(3_590_000);
    expect(expires - Date.now()).toBeLessThan(3_601_500);
    expect(masked).toEqual([...assertions, 'access-token']);
    expect(entra.asked.every((path) => path.startsWith(`/${tenantId}/`))).toBe(true);
  });

  it('is another one for each exchange, and no token is taken from a cache', async () => {
    const { again, entra } = await exchange();
    await again();
    await again();
    expect(new Set(entra.exchanged).size).toBe(2);
  });

  it('is not asked for where the authority has no TLS', async () => {
    const options = { idToken: async () => expect.fail(), mask: () => {}, authorityHost: 'http://localhost:1' };
    const fault = await faultOf(exchangeIdToken(application, hubScope, options));
    expect(said(fault)).toEqual(said(entraFault('authority-host', {})));
    expect(fault.kind).toBe('usage');
  });

  it('reaches no authority that is not trusted', async () => {
    const { url, exchanged } = await startEntra({ authority, token: () => ({ token: '', seconds: 1 }) });
    const sent = idToken();
    const options = { idToken: async () => sent, mask: () => {}, authorityHost: url };
    const fault = await faultOf(exchangeIdToken(application, hubScope, options));
    const obstacle = { host: url.replace('https://', ''), error: anyText };
    expect(said(fault)).toEqual(saidWithAnyText(entraFault('exchange-unanswered', { clientId, obstacle })));
    expect(fault.message).toMatch(/certificate/);
    expect(fault.remedy).toContain('ca-file');
    expect(exchanged).toEqual([]);
  });

  it('goes by the proxy that is set, and trusts the same behind it', async () => {
    const proxy = await serveProxy();
    const { again, entra } = await exchange({}, {}, application, proxy.url);
    expect((await again()).token).toBe('access-token');
    expect(new Set(proxy.asked.map(({ target }) => `https://${target}`))).toEqual(new Set([entra.url]));
  });

  it('that meets a page of somebody else says that Entra could not be asked', async () => {
    const { again, entra } = await exchange({ page: '<html>blocked</html>' });
    const obstacle = { host: entra.url.replace('https://', ''), status: 403 };
    expect(said(await faultOf(again()))).toEqual(said(entraFault('exchange-unanswered', { clientId, obstacle })));
  });
});

const claims: Claims = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject,
  audience: 'api://AzureADTokenExchange',
};
const noMatch = 'No matching federated identity record found for presented assertion';
const compare = 'Check your federated identity credential Subject, Audience and Issuer against the presented assertion';

const immutable = 'repo:octo@583231/fleet@1296269:environment:production';

describe('Entra that refuses', () => {
  it.each([
    ['a branch, in the classic form', {}, 'repo:octo/fleet:ref:refs/heads/main'],
    ['an environment, in the form with ids', { sub: immutable }, immutable],
    ['a subject in other letters', { sub: 'repo:Octo/fleet:pull_request' }, 'repo:Octo/fleet:pull_request'],
  ])('%s shows the claims and the command that mends it', async (_, given, shown) => {
    const { again, assertions, masked } = await exchange({ subjects: [] }, given);
    const fault = await faultOf(again());
    const answer = `AADSTS700213: ${noMatch} subject '${shown}'. ${compare}`;
    expect(said(fault)).toEqual(
      said(entraFault('id-token-not-trusted', { application, claims: { ...claims, subject: shown }, answer })),
    );
    expect(fault.message).not.toMatch(/Trace ID|Correlation ID/);
    for (const named of [clientId, tenantId, shown]) expect(fault.message).toContain(named);
    expect(credentialIn(fault.remedy)).toEqual({
      name: expect.stringMatching(/^repo-[A-Za-z0-9-]{1,115}$/),
      issuer: 'https://token.actions.githubusercontent.com',
      subject: shown,
      audiences: ['api://AzureADTokenExchange'],
    });
    expect(assertions).toHaveLength(1);
    for (const secret of masked) expect(`${fault.message}${fault.remedy}`).not.toContain(secret);
  });

  it('a pull request is told to sign in as an application that only reads, before it is told how to trust one', async () => {
    const asked = async (sub: string) => (await faultOf((await exchange({ subjects: [] }, { sub })).again())).remedy;
    const reader = await asked('repo:octo@583231/fleet@1296269:pull_request');
    expect(reader).toMatch(/docs\/sign-in\.md.*plan-client-id.*az ad app federated-credential create/);
    expect(reader.slice(0, reader.indexOf('az ad app'))).toContain(clientId);
    for (const sub of [immutable, 'repo:octo/fleet:ref:refs/heads/pull_request_fixes']) {
      const remedy = await asked(sub);
      expect(remedy).toContain('federated-credential create');
      expect(remedy).not.toContain('plan-client-id');
    }
  });

  it('a branch with a shell in its name gets a command that is still harmless', () => {
    const sub = "repo:octo/fleet:ref:refs/heads/x'$(touch$IFS/pwned)'`id`";
    const thrown = new Error(`AADSTS70021: No matching federated identity record found`);
    const { remedy } = exchangeRefusal(thrown, { idToken: idToken({ sub }), application });
    expect(credentialIn(remedy).subject).toBe(sub);
  });

  it.each([
    [
      'another audience',
      { aud: 'api://other' },
      `AADSTS700212: ${noMatch} audience 'api://other'. ${compare}`,
      { audience: 'api://other' },
    ],
    [
      'another issuer',
      { iss: 'https://ghes.example' },
      `AADSTS700211: ${noMatch} issuer 'https://ghes.example'. ${compare}`,
      { issuer: 'https://ghes.example' },
    ],
    ['claims that are none', { sub: 7 }, `AADSTS700213: ${noMatch} subject '7'. ${compare}`, { subject: '(none)' }],
  ])('an ID token with %s', async (_, given, answer, shown) => {
    const fault = await faultOf((await exchange({}, given)).again());
    const details = { application, claims: { ...claims, ...shown }, answer };
    expect(said(fault)).toEqual(said(entraFault('id-token-not-trusted', details)));
    expect(fault.remedy).toContain('federated-credential create');
  });

  it('an application that it does not know', async () => {
    const unknown = { clientId: '71111111-2222-3333-4444-555555555555', tenantId };
    const { again } = await exchange({}, {}, unknown);
    const answer = 'AADSTS700016: Application was not found in the directory';
    expect(said(await faultOf(again()))).toEqual(
      said(entraFault('application-unknown', { application: unknown, claims, answer })),
    );
  });

  it.each([
    [
      'AADSTS7002138: The subject matches with case-insensitive comparison',
      'id-token-not-trusted',
      'federated-credential create',
    ],
    [
      'AADSTS7000229: The client application is missing service principal',
      'no-service-principal',
      `az ad sp create --id ${clientId}`,
    ],
    ['AADSTS90002: Tenant was not found', 'tenant-unknown', 'az account show --query tenantId'],
    [
      'AADSTS500011: The resource principal was not found',
      'iot-hub-unknown',
      'az provider register --namespace Microsoft.Devices',
    ],
    ['AADSTS700024: Client assertion is not within its valid time range', 'id-token-expired', 'date -u'],
    [
      'AADSTS53003: Access has been blocked by Conditional Access policies',
      'exchange-refused',
      'login.microsoftonline.com/error',
    ],
  ] as const)('with %s', async (refusal, name, remedy) => {
    const fault = await faultOf((await exchange({ refusal })).again());
    expect(said(fault)).toEqual(said(entraFault(name, { application, claims, answer: refusal })));
    expect(fault.message).toContain(refusal);
    expect(fault.message).toContain(subject);
    expect(fault.remedy).toContain(remedy);
  });

  it.each([
    ['no token', 'nonsense'],
    ['a payload that is none', 'a.W10.b'],
  ])('and is given %s', (_, text) => {
    const answer = 'AADSTS50027: JWT token is invalid';
    const none: Claims = { issuer: '(none)', subject: '(none)', audience: '(none)' };
    expect(said(exchangeRefusal(new Error(answer), { idToken: text, application }))).toEqual(
      said(entraFault('exchange-refused', { application, claims: none, answer })),
    );
  });

  it('quotes nothing that signs in, even where it is echoed', () => {
    const token = idToken();
    const { message } = exchangeRefusal(new Error(`AADSTS50027: ${token} is malformed, Bearer abc`), {
      idToken: token,
      application,
    });
    expect(message).toContain('AADSTS50027: *** is malformed, Bearer ***');
  });
});

/**
 * Runs the command of a remedy in a shell, with a stand-in for `az`. Returns the value that `az` gets for
 * `--parameters`.
 */
function credentialIn(remedy: string): Readonly<Record<string, unknown>> {
  const command = remedy.slice(remedy.indexOf('az ad app'));
  expect(command).toContain(`federated-credential create --id ${clientId} --parameters`);
  const az = `#!/bin/sh\nfor last; do :; done\nprintf %s "$last"\n`;
  const folder = folderWith({ 'az.sh': az });
  const script = command.replace(/^az/, `sh ${folder}/az.sh`);
  return JSON.parse(execFileSync('sh', ['-c', script], { encoding: 'utf8' }));
}

describe('an Entra that never answers', () => {
  it('is given up after four tries, asked directly or through a proxy, and no socket is left', async () => {
    // Both wait for seconds.
    await Promise.all([isGivenUp('directly'), isGivenUp('through a proxy')]);
  });

  async function isGivenUp(way: 'directly' | 'through a proxy'): Promise<void> {
    const silence = await serveSilence();
    const waits: string[] = [];
    const error = httpFailure.timeout(100).message;
    const exchanged = exchangeIdToken(application, hubScope, {
      idToken: async () => idToken({}),
      mask: () => {},
      authorityHost: `https://${silence.host}`,
      proxyFor: () => (way === 'directly' ? '' : silence.url),
      tryTimeoutMs: 100,
      waiting: (text) => waits.push(text),
    });
    const obstacle = { host: silence.host, error };
    expect(said(await faultOf(exchanged)), way).toEqual(
      said(entraFault('exchange-unanswered', { clientId, obstacle })),
    );
    expect(waits, way).toHaveLength(4);
    const again = { next: 2, most: 4 };
    expect(waits[0], way).toBe(waitingLines['no-answer']({ host: silence.host, seconds: 0.1, again }));
    await vi.waitFor(() => expect([silence.opened(), silence.closed()], way).toEqual([4, 4]));
  }
});
