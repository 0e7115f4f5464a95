import type { Fault } from '../../model/fault.ts';
import type { EntraCredential, HubCredential, SasCredential } from '../credential.ts';
import type { Right } from '../needs.ts';
import { callFault } from './faults.ts';
import { described, type Refused } from './reply.ts';

export interface RefusalContext {
  readonly credential: HubCredential;
  /** What the call needed. */
  readonly right: Right;
  /** The hub has answered another call with the same credential. A refusal then means that a right is missing. */
  readonly known: boolean;
}

/** The fault of a hub that refuses the credential, or the call as a whole. */
export function refusal(reply: Refused, context: RefusalContext): Fault {
  const { credential, right } = context;
  const { host } = credential;
  const { status, error } = reply;
  const answer = described(reply);
  if (credential.kind === 'sas' && status === 401) return keyRefused(answer, credential, context);
  if (credential.kind === 'entra' && (status === 401 || (status === 403 && isRoleMissing(reply)))) {
    return tokenRefused(reply, credential, context);
  }
  if (status === 403 && error.code === 'IotHubQuotaExceeded') return callFault('quota-exceeded', { host, answer });
  if (status === 403 && error.code === 'IotHubSuspended') return callFault('hub-suspended', { host, answer });
  if (status === 403) return callFault('call-forbidden', { host, right, answer });
  if (status === 429 || status >= 500) return callFault('hub-busy', { host, answer });
  return callFault('call-refused', { host, right, answer });
}

/** The hub answers 401 both to a wrong key and to a policy that lacks a right. */
function keyRefused(answer: string, { host, keyName }: SasCredential, { right, known }: RefusalContext): Fault {
  return known
    ? callFault('policy-lacks-right', { host, keyName, right })
    : callFault('key-refused', { host, keyName, right, answer });
}

function tokenRefused(reply: Refused, { host, principal }: EntraCredential, { right, known }: RefusalContext): Fault {
  const name = known || isRoleMissing(reply) ? 'role-missing' : 'token-refused';
  return callFault(name, { host, principal, right, answer: described(reply) });
}

/**
 * `IotHubUnauthorized;Principal … is not authorized for GET on /twins/John due to no assigned permissions`
 * (azure-iot-sdk-csharp issue 3344).
 */
export function isRoleMissing({ error: { code, message } }: Refused): boolean {
  return /^(IotHubUnauthorized|401003)$/.test(code) || /is not authorized for/.test(message);
}
