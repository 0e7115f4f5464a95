import { Fault } from '../model/fault.ts';
import type { HubHost } from '../model/fleet.ts';
import { described, type Refused } from './reply.ts';

/** What a shared access policy may allow; every call needs one of them. */
export type Right = 'Registry Read' | 'Registry Write' | 'Service Connect';

export interface RefusalContext {
  readonly host: HubHost;
  readonly keyName: string;
  /** What the call needed. */
  readonly right: Right;
  /** The hub has answered another call with the same key: the key is right, so it is a right that is missing. */
  readonly known: boolean;
}

const doing: Readonly<Record<Right, string>> = {
  'Registry Read': 'reading devices',
  'Registry Write': 'writing devices',
  'Service Connect': 'queries',
};

const policy =
  'Use a policy with Registry Read, Registry Write and Service Connect, such as iothubowner (registryReadWrite alone is not enough: it may not query): az iot hub connection-string show --hub-name NAME --policy-name iothubowner.';

/** The fault of a hub that refuses the caller, or the call as a whole. */
export function refusal(reply: Refused, context: RefusalContext): Fault {
  const { host, keyName, right, known } = context;
  const { status, error } = reply;
  const said = described(reply);
  if (status === 401 && known) {
    return new Fault(
      `${host} refused the shared access key ${keyName} for ${doing[right]}: the policy lacks ${right}`,
      policy,
    );
  }
  if (status === 401) {
    return new Fault(
      `${host} refused the shared access key ${keyName} (${said})`,
      `Was the key regenerated, or is the connection string that of another hub? Copy it again: az iot hub connection-string show --hub-name NAME --policy-name ${keyName}. Is the clock of this machine right (date -u)? If both are, the policy lacks ${right}.`,
    );
  }
  if (status === 403 && error.code === 'IotHubQuotaExceeded') {
    return new Fault(
      `${host} has used up its daily quota (${said})`,
      'Wait for midnight UTC, or add units: az iot hub update --name NAME --set sku.capacity=2.',
    );
  }
  if (status === 403 && error.code === 'IotHubSuspended') {
    return new Fault(
      `${host} is suspended (${said})`,
      'Look at the subscription in the Azure portal: is it paid, is it enabled?',
    );
  }
  if (status === 403) {
    return new Fault(
      `${host} forbids ${doing[right]} (${said})`,
      "Check the hub's networking (public access, IP filter: az iot hub show --name NAME --query properties.networkRuleSets) and its number of devices.",
    );
  }
  if (status === 429 || status >= 500) {
    return new Fault(
      `${host} is too busy or has a fault (${said})`,
      'Run it again later. More units take more calls a minute: az iot hub update --name NAME --set sku.capacity=2.',
    );
  }
  return new Fault(
    `${host} refused ${doing[right]} (${said})`,
    'Is this the host name of an IoT Hub, and nothing on the way answers in its place? If so, this is a fault of this tool: please report it with this message.',
  );
}

/** The fault of a hub whose answer is not what this call is answered with. */
export function misunderstood(host: HubHost, what: string): Fault {
  return new Fault(
    `${host} answered something that is not ${what}`,
    'Is this the host name of an IoT Hub, and nothing on the way (a proxy, a sign-in page) answers in its place?',
  );
}
