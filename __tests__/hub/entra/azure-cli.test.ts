import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hubScope } from '../../../src/hub/credential.ts';
import { cliToken } from '../../../src/hub/entra/entra.ts';
import { entraFault } from '../../../src/hub/entra/faults.ts';
import type { Fault } from '../../../src/model/fault.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { anyText, saidWithAnyText } from '../answers.ts';

afterEach(() => vi.unstubAllEnvs());

/**
 * Puts a stand-in for `az` on the PATH, since the real one needs a tenant. It runs the script, and refuses other
 * arguments.
 */
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

const refused = () => faultOf(cliToken(hubScope, { mask: () => expect.fail() }));

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

  it.each<[string, string, Fault, string]>([
    [
      'to which nobody has signed in',
      `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`,
      entraFault('azure-cli-not-signed-in', {}),
      'az login',
    ],
    [
      'of azure/login that has run out',
      `echo 'ERROR: AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-11-23T13:00:00Z. Trace ID: 1 Correlation ID: 2' >&2; exit 1`,
      entraFault('azure-cli-session-ended', {
        answer: 'AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-11-23T13:00:00Z',
      }),
      'id-token: write',
    ],
    [
      'in a tenant without IoT Hub',
      `echo 'ERROR: AADSTS500011: The resource principal named https://iothubs.azure.net was not found' >&2; exit 1`,
      entraFault('azure-cli-refused', {
        answer: 'AADSTS500011: The resource principal named https://iothubs.azure.net was not found',
      }),
      'az account get-access-token --resource https://iothubs.azure.net',
    ],
    [
      'that says nothing',
      'exit 1',
      entraFault('azure-cli-refused', { answer: anyText }),
      'az account get-access-token',
    ],
    [
      'that prints its token where it should not',
      `echo 'eyJ0eXAiOiJKV1Qi.eyJhdWQi.c2ln' >&2; exit 1`,
      entraFault('azure-cli-refused', { answer: '***' }),
      'az account get-access-token',
    ],
  ])('%s', async (_, script, expected, remedy) => {
    azIs(script);
    const fault = await refused();
    expect(said(fault)).toEqual(saidWithAnyText(expected));
    expect(fault.remedy).toContain(remedy);
  });

  it('is not there where az is not', async () => {
    vi.stubEnv('PATH', folderWith());
    const fault = await refused();
    expect(said(fault)).toEqual(said(entraFault('azure-cli-missing', {})));
    expect(fault.remedy).toContain('https://aka.ms/azure-cli');
  });
});
