import { faultRow, faultsOf } from '../../model/fault-table.ts';
import type { EntraPrincipal } from '../credential.ts';
import { type Right, roles } from '../needs.ts';

/** What a call expected as its answer. */
export type ExpectedAnswer =
  | 'device'
  | 'import-job'
  | 'number-of-devices'
  | 'page-of-devices'
  | 'page-of-twins'
  | 'list-that-ends'
  | { readonly device: string }
  | { readonly twin: string };

/** A call that a hub refused. `answer` is the hub's own text: `403, IotHubQuotaExceeded, Total number …`. */
interface RefusedCall {
  readonly host: string;
  readonly right: Right;
  readonly answer: string;
}

type RefusedPrincipal = RefusedCall & { readonly principal: EntraPrincipal };

/** A call that got no answer. `proxy` is the host and port of the proxy, if the call goes through one. */
interface Unreached {
  readonly host: string;
  readonly proxy?: string | undefined;
}

/** `code` is Node's or OpenSSL's: `ECONNREFUSED`. */
type UnreachedByCode = Unreached & { readonly code: string };

/** `failure` is the message of the `HttpFailure`. */
type UnreachedByFailure = Unreached & { readonly failure: string };

type UnreachedProxy = Required<Unreached>;

const host = 'contoso.azure-devices.net';
const proxy = 'proxy.contoso.com:3128';

/** Faults of the calls to a hub: what the hub refuses, and what keeps a call from reaching it. */
export const callFaults = {
  'proxy-unusable': faultRow<Record<string, never>>({
    kind: 'usage',
    message: () => 'HTTPS_PROXY is not the URL of a proxy',
    remedy: () => 'Write it as http://HOST:PORT, or unset it.',
    example: {},
  }),
  'ca-is-private-key': faultRow<Record<string, never>>({
    kind: 'usage',
    message: () => 'ca-file holds a private key and no certificate',
    remedy: () =>
      'Give it the certificate of the authority instead (-----BEGIN CERTIFICATE-----…), and keep its key where nobody else reads it.',
    example: {},
  }),
  'ca-unusable': faultRow<Record<string, never>>({
    kind: 'usage',
    message: () => 'ca-file holds no certificate in PEM',
    remedy: () =>
      'Give it a CA certificate in PEM: -----BEGIN CERTIFICATE-----…; of one in DER, openssl x509 -inform der -in FILE -out ca.pem makes it.',
    example: {},
  }),

  'quota-exceeded': faultRow<Pick<RefusedCall, 'host' | 'answer'>>({
    message: ({ host, answer }) => `${host} has used up its daily quota (${answer})`,
    remedy: () => 'Wait for midnight UTC, or add units: az iot hub update --name NAME --set sku.capacity=2.',
    example: { host, answer: '403, IotHubQuotaExceeded, Total number of messages exceeded' },
  }),
  'hub-suspended': faultRow<Pick<RefusedCall, 'host' | 'answer'>>({
    message: ({ host, answer }) => `${host} is suspended (${answer})`,
    remedy: () => 'Look at the subscription in the Azure portal: is it paid, is it enabled?',
    example: { host, answer: '403, IotHubSuspended' },
  }),
  'call-forbidden': faultRow<RefusedCall>({
    message: ({ host, right, answer }) => `${host} forbids ${doing[right]} (${answer})`,
    remedy: () =>
      "Check the hub's networking (public access, IP filter: az iot hub show --name NAME --query properties.networkRuleSets) and its number of devices.",
    example: { host, right: 'Registry Read', answer: '403' },
  }),
  'hub-busy': faultRow<Pick<RefusedCall, 'host' | 'answer'>>({
    message: ({ host, answer }) => `${host} is too busy or has a fault (${answer})`,
    remedy: () =>
      'Run it again later. More units take more calls a minute: az iot hub update --name NAME --set sku.capacity=2.',
    example: { host, answer: '429, ThrottlingBacklogTimeout, Wait 10 seconds and try again' },
  }),
  'call-refused': faultRow<RefusedCall>({
    message: ({ host, right, answer }) => `${host} refused ${doing[right]} (${answer})`,
    remedy: () =>
      'Is this the host name of an IoT Hub, and nothing on the way answers in its place? If so, this is a fault of this tool: please report it with this message.',
    example: { host, right: 'Registry Write', answer: '404, not found' },
  }),
  'policy-lacks-right': faultRow<Omit<RefusedCall, 'answer'> & { readonly keyName: string }>({
    message: ({ host, keyName, right }) =>
      `${host} refused ${accessKey(keyName)} for ${doing[right]}: the policy lacks ${policyRights[right]}`,
    remedy: () =>
      'Use a policy with Registry Read, Registry Write and Service Connect, such as iothubowner (registryReadWrite alone is not enough: it may not query): az iot hub connection-string show --hub-name NAME --policy-name iothubowner.',
    example: { host, keyName: 'registryReadWrite', right: 'Service Connect' },
  }),
  'key-refused': faultRow<RefusedCall & { readonly keyName: string }>({
    message: ({ host, keyName, answer }) => `${host} refused ${accessKey(keyName)} (${answer})`,
    remedy: ({ keyName, right }) =>
      `Was the key regenerated, or is the connection string that of another hub? Copy it again: az iot hub connection-string show --hub-name NAME --policy-name ${keyName}. Is the clock of this machine right (date -u)? If both are, the policy lacks ${policyRights[right]}.`,
    example: { host, keyName: 'iothubowner', right: 'Registry Read', answer: '401, IotHubUnauthorizedAccess' },
  }),
  'role-missing': faultRow<RefusedPrincipal>({
    message: ({ host, principal, right, answer }) =>
      `${host} does not let ${principal.name} do this: ${doing[right]} needs the role ${roles[right]} (${answer})`,
    remedy: (details) => `Assign it: ${assignRole(details)}. ${neededRoles}`,
    example: {
      host,
      principal: { name: 'the Entra application 11111111-2222-3333-4444-555555555555', assignee: '11111111' },
      right: 'Registry Write',
      answer: '401, IotHubUnauthorized, Principal 11111111 is not authorized for POST on /devices',
    },
  }),
  'token-refused': faultRow<RefusedPrincipal>({
    message: ({ host, principal, answer }) => `${host} refused the token of ${principal.name} (${answer})`,
    remedy: (details) =>
      `Is the hub in the same tenant (az iot hub show --name ${resourceName(details.host)} --query subscriptionid; az account show --query tenantId), and the clock of this machine right (date -u)? If so, a role is missing: ${assignRole(details)}. ${neededRoles}`,
    example: {
      host,
      principal: { name: 'the Entra application 11111111-2222-3333-4444-555555555555', assignee: '11111111' },
      right: 'Registry Read',
      answer: '401, IotHubUnauthorizedAccess, Unauthorized',
    },
  }),
  misunderstood: faultRow<{ host: string; expected: ExpectedAnswer }>({
    message: ({ host, expected }) => `${host} answered something that is not ${described(expected)}`,
    remedy: () =>
      'Is this the host name of an IoT Hub, and nothing on the way (a proxy, a sign-in page) answers in its place?',
    example: { host, expected: { device: 'edge-007' } },
  }),

  'unknown-host': faultRow<Pick<Unreached, 'host'>>({
    message: ({ host }) => `there is no hub ${host}: its name is not known`,
    remedy: ({ host }) =>
      `Check the spelling of ${host}: az iot hub list --query "[].properties.hostName". A hub that is only reachable in a private network needs a runner in that network.`,
    example: { host },
  }),
  'name-service': faultRow<Pick<Unreached, 'host'>>({
    message: ({ host }) => `the name of ${host} could not be looked up: the name service does not answer`,
    remedy: () => 'Check the network and its name service, then run it again.',
    example: { host },
  }),
  'connection-refused': faultRow<Pick<UnreachedByCode, 'host' | 'code'>>({
    message: ({ host, code }) => `${host} accepts no connections (${code})`,
    remedy: ({ host }) =>
      /^(localhost|127\.[\d.]+)(:\d+)?$/.test(host)
        ? 'The embedded hub may not be running: start it (provision-iot-edge hub) and use the connection string that it prints, whose port may be a new one.'
        : `Check host and port of ${host}, and whether a firewall of the network lets HTTPS (port 443) through.`,
    example: { host, code: 'ECONNREFUSED' },
  }),
  'proxy-unknown-host': faultRow<UnreachedProxy>({
    message: (details) => `no way to ${way(details)}: the name of the proxy is not known`,
    remedy: () => checkProxy,
    example: { host, proxy },
  }),
  'proxy-name-service': faultRow<UnreachedProxy>({
    message: (details) =>
      `no way to ${way(details)}: the name of the proxy could not be looked up, the name service does not answer`,
    remedy: () => checkProxy,
    example: { host, proxy },
  }),
  'proxy-connection-refused': faultRow<UnreachedProxy & { readonly code: string }>({
    message: (details) => `no way to ${way(details)}: the proxy accepts no connections (${details.code})`,
    remedy: () => checkProxy,
    example: { host, proxy, code: 'ECONNREFUSED' },
  }),
  'certificate-expired': faultRow<UnreachedByCode>({
    message: (details) =>
      `the TLS certificate of ${way(details)} is ${details.code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'}`,
    remedy: ({ host }) =>
      `Check the clock of this machine (date -u). If it is right, the certificate of ${host} must be renewed: start an embedded hub again, or ask the owner of a proxy that inspects TLS.`,
    example: { host, code: 'CERT_HAS_EXPIRED' },
  }),
  'certificate-untrusted': faultRow<UnreachedByCode>({
    message: (details) =>
      `the TLS certificate of ${way(details)} comes from an authority that is not trusted here (${details.code})`,
    remedy: () =>
      'For an embedded hub or a proxy that inspects TLS, name its CA certificate: ca-file: path/to/ca.pem (or NODE_EXTRA_CA_CERTS). Anywhere else, somebody may be listening: do not go on.',
    example: { host, code: 'SELF_SIGNED_CERT_IN_CHAIN' },
  }),
  'certificate-other-name': faultRow<Unreached>({
    message: (details) => `the TLS certificate of ${way(details)} is for another host`,
    remedy: ({ host }) => `Check the spelling of ${host}, and that nothing on the way answers in its place.`,
    example: { host, proxy },
  }),
  'not-tls': faultRow<UnreachedByCode>({
    message: (details) => `${way(details)} does not speak TLS as expected (${details.code})`,
    remedy: ({ host }) => `Check host and port of ${host}, and whether a proxy on the way answers in its place.`,
    example: { host, code: 'EPROTO' },
  }),
  'proxy-refused-tunnel': faultRow<UnreachedByFailure>({
    message: (details) => `no way to ${way(details)}: ${details.failure}`,
    remedy: () =>
      'Check HTTPS_PROXY (407: it needs USER:PASSWORD@ in its URL; 403: it does not allow this host), or except the hub from it: NO_PROXY=.azure-devices.net.',
    example: { host, proxy, failure: 'the proxy answered 407' },
  }),
  'answer-too-large': faultRow<UnreachedByFailure>({
    message: (details) => `${way(details)}: ${details.failure}`,
    remedy: () => 'No hub answers so much; check what answers in its place.',
    example: { host, failure: 'the answer has more than 64 MiB' },
  }),
  timeout: faultRow<UnreachedByFailure>({
    message: (details) => `${way(details)} did not answer in time: ${details.failure}`,
    remedy: () =>
      'Run it again. If it stays so, check firewall and proxy, and the health of the hub: az iot hub show-stats --name NAME.',
    example: { host, failure: 'no answer within 60 s' },
  }),
  'connection-broken': faultRow<UnreachedByFailure>({
    message: (details) => `the connection to ${way(details)} failed: ${details.failure}`,
    remedy: () => 'Run it again. If it stays so, check firewall and proxy.',
    example: { host, failure: 'read ECONNRESET' },
  }),
};

export const callFault = faultsOf(callFaults);

const doing: Readonly<Record<Right, string>> = {
  'Registry Read': 'reading devices',
  'Registry Write': 'writing devices',
  'Service Connect': 'queries',
  'Twin Write': 'writing tags',
  'Import Jobs': 'import jobs',
};

/** The rights of a shared access policy. It has no right of its own for tags or for import jobs. */
const policyRights: Readonly<Record<Right, string>> = {
  'Registry Read': 'Registry Read',
  'Registry Write': 'Registry Write',
  'Service Connect': 'Service Connect',
  'Twin Write': 'Service Connect',
  'Import Jobs': 'Registry Write',
};

const neededRoles = `Of the commands, plan, verify and list need the role ${roles['Registry Read']}, apply ${roles['Registry Write']} as well, and ${roles['Twin Write']} for tags; Owner and Contributor have no such right.`;

const checkProxy =
  'Check HTTPS_PROXY, or except the hub from it: NO_PROXY=.azure-devices.net (localhost for an embedded hub).';

const answers = {
  device: 'a device',
  'import-job': 'an import job',
  'number-of-devices': 'the number of its devices',
  'page-of-devices': 'a page of devices',
  'page-of-twins': 'a page of twins',
  'list-that-ends': 'a list of devices that ends',
} as const;

function described(expected: ExpectedAnswer): string {
  if (typeof expected === 'string') return answers[expected];
  return 'device' in expected ? `the device ${expected.device}` : `the twin of ${expected.twin}`;
}

function accessKey(name: string): string {
  return `the shared access key ${name}`;
}

function assignRole({ host, principal, right }: RefusedPrincipal): string {
  return `az role assignment create --assignee ${principal.assignee} --role "${roles[right]}" --scope "$(az iot hub show --name ${resourceName(host)} --query id --output tsv)" (it takes some minutes to work)`;
}

/** The name of the hub's resource in Azure: the first label of its host name. */
function resourceName(host: string): string {
  return host.replace(/[.:].*$/, '');
}

function way({ host, proxy }: Unreached): string {
  return proxy === undefined ? host : `${host} through the proxy ${proxy}`;
}
