import { getIDToken } from '@actions/core';
import { Fault, messageOf } from '../model/fault.ts';

/** Whether this job may ask GitHub for ID tokens: the runner has these variables with `id-token: write` alone. */
export function mayHaveIdTokens(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
}

/**
 * A fresh ID token of this job for an audience, masked in the log. `withoutSecrets`: why this run cannot have one.
 * Throws a `Fault` with the permission that is missing.
 */
export async function idToken(audience: string, withoutSecrets: string | undefined): Promise<string> {
  if (!mayHaveIdTokens(process.env)) {
    throw new Fault(
      `client-id signs in with an ID token of GitHub, and this job may not have one${withoutSecrets === undefined ? '' : `: ${withoutSecrets}`}`,
      'Add to the job, and to one that calls it as a reusable workflow: permissions: { contents: read, id-token: write }. Pull requests of forks never get it; there plan only validates.',
      { kind: 'usage' },
    );
  }
  try {
    return await getIDToken(audience);
  } catch (thrown) {
    throw new Fault(
      `GitHub gave no ID token: ${messageOf(thrown).replace(/\s+/g, ' ')}`,
      'Run it again. If it stays so, look at https://www.githubstatus.com.',
      { cause: thrown },
    );
  }
}
