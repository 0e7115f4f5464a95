import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hubScope } from '../../../src/hub/credential.ts';
import { cliToken } from '../../../src/hub/entra/entra.ts';
import { Fault } from '../../../src/model/fault.ts';
import { folderWith } from '../../support/folder.ts';

afterEach(() => vi.unstubAllEnvs());

/** A stand-in for `az`, since the real one needs a tenant: it answers as that does, and refuses other arguments. */
function azIs(script: string): void {
  const checked = `#!/bin/sh
[ "$*" = "account get-access-token --output json --resource https://iothubs.azure.net" ] || { echo "ERROR: $*" >&2; exit 2; }
${script}
`;
  const folder = folderWith({ az: checked });
  chmodSync(join(folder, 'az'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
}

const answer = (more: string) => `cat <<'END'
{ "accessToken": "eyJ0eXAiOiJKV1Qi.eyJhdWQi.c2ln", ${more} "subscription": "s", "tenant": "t", "tokenType": "Bearer" }
END`;

async function refused(): Promise<Fault> {
  const thrown = await cliToken(hubScope, { mask: () => expect.fail() }).catch((reason: unknown) => reason);
  if (!(thrown instanceof Fault)) throw new Error('expected a Fault', { cause: thrown });
  return thrown;
}

describe('the session of the Azure CLI', () => {
  it.each([
    ['as it is since 2.54', '"expiresOn": "2026-11-23 13:00:00.000000", "expires_on": 1795438800,', 1795438800_000],
    ['as it was before', '"expiresOn": "2026-11-23T13:00:00Z",', Date.UTC(2026, 10, 23, 13)],
  ])('gives a token, %s, and it is masked', async (_, more, expires) => {
    azIs(answer(more));
    const masked: string[] = [];
    const given = await cliToken(hubScope, { mask: (secret) => masked.push(secret) });
    expect(given).toEqual({ token: 'eyJ0eXAiOiJKV1Qi.eyJhdWQi.c2ln', expires });
    expect(masked).toEqual([given.token]);
  });

  it.each([
    [
      'to which nobody has signed in',
      `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`,
      /nobody is signed in, or the session has ended$/,
      /^Sign in: az login; in a workflow, azure\/login before this\. Or give client-id/,
    ],
    [
      'of azure/login that has run out',
      `echo 'ERROR: AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-11-23T13:00:00Z. Trace ID: 1 Correlation ID: 2' >&2; exit 1`,
      /its session has ended \(AADSTS700024: Client assertion is not within its valid time range\. Current time: 2026-11-23T13:00:00Z\)$/,
      /For longer runs give client-id and tenant-id/,
    ],
    [
      'in a tenant without IoT Hub',
      `echo 'ERROR: AADSTS500011: The resource principal named https://iothubs.azure.net was not found' >&2; exit 1`,
      /AADSTS500011: The resource principal/,
      /az account get-access-token --resource https:\/\/iothubs\.azure\.net/,
    ],
    ['that says nothing', 'exit 1', /gives no token for the hub: /, /^Try it by hand/],
    [
      'that prints its token where it should not',
      `echo 'eyJ0eXAiOiJKV1Qi.eyJhdWQi.c2ln' >&2; exit 1`,
      /hub: \*\*\*$/,
      /./,
    ],
  ])('%s', async (_, script, message, remedy) => {
    azIs(script);
    const fault = await refused();
    expect(fault.message).toMatch(message);
    expect(fault.remedy).toMatch(remedy);
  });

  it('is not there where az is not', async () => {
    vi.stubEnv('PATH', folderWith());
    const { message, remedy } = await refused();
    expect(message).toBe('the Azure CLI gives no token for the hub: az is not installed');
    expect(remedy).toContain('https://aka.ms/azure-cli');
  });
});
