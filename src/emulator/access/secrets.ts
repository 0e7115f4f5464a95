import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { PolicyKeys, PolicyName } from './rights.ts';

/** The keys with which a hub checks signatures. They are decoded once, since decoding takes longer than a signature. */
export interface HubSecrets {
  readonly policies: Readonly<Record<PolicyName, KeyObject>>;
  /**
   * Signs bearer tokens. It is derived from the key of the policy `iothubowner`, so it lasts as long, but cannot
   * replace it.
   */
  readonly tokens: KeyObject;
}

export function hubSecrets(keys: PolicyKeys): HubSecrets {
  const secret = (policy: PolicyName) => createSecretKey(Buffer.from(keys[policy], 'base64'));
  const policies = {
    iothubowner: secret('iothubowner'),
    service: secret('service'),
    device: secret('device'),
    registryRead: secret('registryRead'),
    registryReadWrite: secret('registryReadWrite'),
  };
  const tokens = createSecretKey(createHmac('sha256', policies.iothubowner).update('bearer tokens').digest());
  return { policies, tokens };
}
