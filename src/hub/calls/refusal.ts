import { Fault } from '../../model/fault.ts';
import type { HubHost } from '../../model/fleet.ts';
import type { EntraCredential, HubCredential, SasCredential } from '../credential.ts';
import { type Right, roles } from '../needs.ts';
import { described, type Refused } from './reply.ts';

export interface RefusalContext {
  readonly credential: HubCredential;
  /** What the call needed. */
  readonly right: Right;
  /** The hub has answered another call of the same caller: so it is a right that is missing. */
  readonly known: boolean;
}

const doing: Readonly<Record<Right, string>> = {
  'Registry Read': 'reading devices',
  'Registry Write': 'writing devices',
  'Service Connect': 'queries',
  'Twin Write': 'writing tags',
  'Import Jobs': 'import jobs',
};

const policyRights: Readonly<Record<Right, string>> = {
  'Registry Read': 'Registry Read',
  'Registry Write': 'Registry Write',
  'Service Connect': 'Service Connect',
  'Twin Write': 'Service Connect',
  'Import Jobs': 'Registry Write',
};

const policy =
  'Use a policy with Registry Read, Registry Write and Service Connect, such as iothubowner (registryReadWrite alone is not enough: it may not query): az iot hub connection-string show --hub-name NAME --policy-name iothubowner.';

/** The fault of a hub that refuses the caller, or the call as a whole. */
export function refusal(reply: Refused, context: RefusalContext): Fault {
  const { credential, right } = context;
  const { host } = credential;
  const { status, error } = reply;
  const said = described(reply);
  if (credential.kind === 'sas' && status === 401) return keyRefused(reply, credential, context);
  if (credential.kind === 'entra' && (status === 401 || (status === 403 && isRoleMissing(reply)))) {
    return tokenRefused(reply, credential, context);
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

/** The hub says no more than 401, to a wrong key and to a policy that lacks a right. */
function keyRefused(reply: Refused, { host, keyName }: SasCredential, context: RefusalContext): Fault {
  const { right, known } = context;
  const lacking = policyRights[right];
  const key = `the shared access key ${keyName}`;
  return known
    ? new Fault(`${host} refused ${key} for ${doing[right]}: the policy lacks ${lacking}`, policy)
    : new Fault(
        `${host} refused ${key} (${described(reply)})`,
        `Was the key regenerated, or is the connection string that of another hub? Copy it again: az iot hub connection-string show --hub-name NAME --policy-name ${keyName}. Is the clock of this machine right (date -u)? If both are, the policy lacks ${lacking}.`,
      );
}

function tokenRefused(reply: Refused, { host, principal }: EntraCredential, { right, known }: RefusalContext): Fault {
  const said = described(reply);
  const hub = host.replace(/[.:].*$/, '');
  const role = roles[right];
  const needs = `Of the commands, plan, verify and list need the role ${roles['Registry Read']}, apply ${roles['Registry Write']} as well, and ${roles['Twin Write']} for tags; Owner and Contributor have no such right.`;
  const assign = `az role assignment create --assignee ${principal.assignee} --role "${role}" --scope "$(az iot hub show --name ${hub} --query id --output tsv)" (it takes some minutes to work)`;
  if (known || isRoleMissing(reply)) {
    return new Fault(
      `${host} does not let ${principal.name} do this: ${doing[right]} needs the role ${role} (${said})`,
      `Assign it: ${assign}. ${needs}`,
    );
  }
  return new Fault(
    `${host} refused the token of ${principal.name} (${said})`,
    `Is the hub in the same tenant (az iot hub show --name ${hub} --query subscriptionid; az account show --query tenantId), and the clock of this machine right (date -u)? If so, a role is missing: ${assign}. ${needs}`,
  );
}

/** `IotHubUnauthorized;Principal … is not authorized for GET on /twins/John due to no assigned permissions` (azure-iot-sdk-csharp issue 3344). */
function isRoleMissing({ error: { code, message } }: Refused): boolean {
  return /^(IotHubUnauthorized|401003)$/.test(code) || /is not authorized for/.test(message);
}

/** The fault of a hub whose answer is not what this call is answered with. */
export function misunderstood(host: HubHost, what: string): Fault {
  return new Fault(
    `${host} answered something that is not ${what}`,
    'Is this the host name of an IoT Hub, and nothing on the way (a proxy, a sign-in page) answers in its place?',
  );
}
