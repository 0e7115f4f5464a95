import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { githubFault } from '../../src/github/faults.ts';
import { idToken, mayHaveIdTokens } from '../../src/github/id-token.ts';
import { githubLines } from '../../src/github/lines.ts';
import { serveSilence } from '../hub/calls/loopback.ts';
import { startGitHubTokens } from '../support/entra.ts';
import { faultOf, said } from '../support/fault.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.stubEnv('ACTIONS_ID_TOKEN_REQUEST_URL', undefined);
  vi.stubEnv('ACTIONS_ID_TOKEN_REQUEST_TOKEN', undefined);
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += chunk;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function runner(...tokens: Parameters<typeof startGitHubTokens>) {
  const github = await startGitHubTokens(...tokens);
  for (const [name, value] of Object.entries(github.env)) vi.stubEnv(name, value);
  return github;
}

describe('an ID token of the job', () => {
  it('is for the audience, another each time, and masked', async () => {
    const { issued } = await runner();
    const tokens = [await idToken('api://A', undefined), await idToken('api://A', undefined)];
    expect(tokens).toEqual(issued);
    expect(new Set(tokens).size).toBe(2);
    const claims = JSON.parse(Buffer.from(tokens[0]!.split('.')[1]!, 'base64url').toString());
    expect(claims.aud).toBe('api://A');
    for (const token of tokens) expect(printed).toContain(`::add-mask::${token}`);
  });

  it.each([
    ['', undefined],
    [' of a fork', githubLines['fork-without-secrets']()],
  ])('without the permission%s is refused with what to write', async (_, withoutSecrets) => {
    const fault = githubFault('id-token-not-allowed', { withoutSecrets });
    expect(said(await faultOf(idToken('a', withoutSecrets)))).toEqual(said(fault));
  });

  it.each([403, 500])('that GitHub does not give (%i) is a fault of the world', async (status) => {
    await runner({}, status);
    const fault = githubFault('id-token-refused', {
      reason: `Error message: Failed to get ID Token. Error Code : ${status} Error Message: not today`,
    });
    expect(said(await faultOf(idToken('a', undefined)))).toEqual(said(fault));
  });
});

it('an ID token that GitHub never sends is not waited for', async () => {
  const silence = await serveSilence();
  vi.stubEnv('ACTIONS_ID_TOKEN_REQUEST_URL', `${silence.url}/token?a=b`);
  vi.stubEnv('ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'x');
  const fault = githubFault('id-token-refused', { reason: githubLines['no-answer']({ seconds: 0.1 }) });
  expect(said(await faultOf(idToken('a', undefined, 100)))).toEqual(said(fault));
});

describe('the permission', () => {
  it.each([
    [{}, false],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: 'https://a.b' }, false],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }, false],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: 'https://a.b', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'c' }, true],
  ])('with %j is there: %s', (env, there) => {
    expect(mayHaveIdTokens(env)).toBe(there);
  });
});
