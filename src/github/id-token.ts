import { getIDToken } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import { cutShort } from '../model/stop.ts';
import { githubFault } from './faults.ts';
import { githubLines } from './lines.ts';

/** In milliseconds. The client of GitHub's toolkit would wait for ever. */
const usualPatience = 60_000;

/** Tells whether this job may ask GitHub for ID tokens. The runner sets these variables only with `id-token: write`. */
export function mayHaveIdTokens(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
}

/**
 * Gets a new ID token of this job for an audience, and masks it in the log. `withoutSecrets` says why this run cannot
 * have one. Throws a `Fault` that names the missing permission, or if GitHub does not answer.
 * @param patience in milliseconds
 */
export async function idToken(
  audience: string,
  withoutSecrets: string | undefined,
  patience = usualPatience,
): Promise<string> {
  if (!mayHaveIdTokens(process.env)) throw githubFault('id-token-not-allowed', { withoutSecrets });
  const late = AbortSignal.timeout(patience);
  try {
    return await cutShort(late, getIDToken(audience), () => {
      throw new Error(githubLines['no-answer']({ seconds: patience / 1000 }));
    });
  } catch (thrown) {
    throw githubFault('id-token-refused', { reason: messageOf(thrown).replace(/\s+/g, ' ') }, { cause: thrown });
  }
}
