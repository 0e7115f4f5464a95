import { Fault } from '../../model/fault.ts';
import type { HubHost } from '../../model/fleet.ts';
import type { HttpFailure } from './http.ts';

/** What stands between us and a hub. */
type Obstacle =
  | 'unknown-host'
  | 'name-service'
  | 'connection-refused'
  | 'certificate-expired'
  | 'certificate-untrusted'
  | 'certificate-other-name'
  | 'not-tls'
  | 'proxy'
  | 'too-large'
  | 'timeout'
  | 'broken';

const obstacles: Readonly<Record<string, Obstacle>> = {
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'name-service',
  ECONNREFUSED: 'connection-refused',
  EHOSTUNREACH: 'connection-refused',
  ENETUNREACH: 'connection-refused',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate-untrusted',
  CERT_UNTRUSTED: 'certificate-untrusted',
  INVALID_CA: 'certificate-untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-other-name',
  EPROTO: 'not-tls',
  PROXY_REFUSED: 'proxy',
  TOO_LARGE: 'too-large',
  TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
};

/** These will be no other in a few seconds. */
const lasting: ReadonlySet<Obstacle> = new Set([
  'unknown-host',
  'certificate-expired',
  'certificate-untrusted',
  'certificate-other-name',
  'not-tls',
  'proxy',
  'too-large',
]);

/** With these no request ever left us. */
const before: ReadonlySet<Obstacle> = new Set([
  'unknown-host',
  'name-service',
  'connection-refused',
  'certificate-expired',
  'certificate-untrusted',
  'certificate-other-name',
  'not-tls',
  'proxy',
]);

/** What a broken network looks like from within, once a hub has answered. */
const interruptions: ReadonlySet<Obstacle> = new Set(['unknown-host', 'proxy']);

/** Whether to try again is no use. `known`: the hub has answered before. */
export function isLasting(failure: HttpFailure, known: boolean): boolean {
  const obstacle = obstacleOf(failure);
  return lasting.has(obstacle) && !(known && interruptions.has(obstacle));
}

/** Whether the hub cannot have seen the request. */
export function isUnsent(failure: HttpFailure): boolean {
  return before.has(obstacleOf(failure));
}

/** The fault of a hub that cannot be reached. `proxy`: the host of the proxy on the way, if there is one. */
export function unreachable(failure: HttpFailure, host: HubHost, proxy: string | undefined): Fault {
  const way = proxy === undefined ? host : `${host} through the proxy ${proxy}`;
  const obstacle = obstacleOf(failure);
  const say = (proxy === undefined ? undefined : ofProxy[obstacle]) ?? sentences[obstacle];
  const [message, remedy] = say(host, way, failure);
  return new Fault(message, remedy, { cause: failure });
}

function obstacleOf({ code }: HttpFailure): Obstacle {
  return obstacles[code] ?? (/^ERR_SSL_/.test(code) ? 'not-tls' : 'broken');
}

type Sentences = (host: HubHost, way: string, failure: HttpFailure) => readonly [message: string, remedy: string];

const sentences: Readonly<Record<Obstacle, Sentences>> = {
  'unknown-host': (host, way) => [
    `there is no hub ${way}: its name is not known`,
    `Check the spelling of ${host}: az iot hub list --query "[].properties.hostName". A hub that is only reachable in a private network needs a runner in that network.`,
  ],
  'name-service': (_, way) => [
    `the name of ${way} could not be looked up: the name service does not answer`,
    'Check the network and its name service, then run it again.',
  ],
  'connection-refused': (host, way, { code }) => [
    `${way} takes no connections (${code})`,
    /^(localhost|127\.[\d.]+)(:\d+)?$/.test(host)
      ? 'The embedded hub may not be running: start it (provision-iot-edge hub) and use the connection string that it prints, whose port may be a new one.'
      : `Check host and port of ${host}, and whether a firewall of the network lets HTTPS (port 443) through.`,
  ],
  'certificate-expired': (host, way, { code }) => [
    `the TLS certificate of ${way} is ${code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'}`,
    `Check the clock of this machine (date -u). If it is right, whoever answers for ${host} has to renew the certificate: an embedded hub is started again, a proxy that inspects TLS is its owner's.`,
  ],
  'certificate-untrusted': (_, way, { code }) => [
    `the TLS certificate of ${way} comes from an authority that is not trusted here (${code})`,
    'For an embedded hub or a proxy that inspects TLS, name its CA certificate: ca-file: path/to/ca.pem (or NODE_EXTRA_CA_CERTS). Anywhere else, somebody may be listening: do not go on.',
  ],
  'certificate-other-name': (host, way) => [
    `the TLS certificate of ${way} is for another host`,
    `Check the spelling of ${host}, and that nothing on the way answers in its place.`,
  ],
  'not-tls': (host, way, { code }) => [
    `${way} does not speak TLS as expected (${code})`,
    `Check host and port of ${host}, and whether a proxy on the way answers in its place.`,
  ],
  proxy: (_, way, { message }) => [
    `no way to ${way}: ${message}`,
    'Check HTTPS_PROXY (407: it needs USER:PASSWORD@ in its URL; 403: it does not allow this host), or except the hub from it: NO_PROXY=.azure-devices.net.',
  ],
  'too-large': (_, way, { message }) => [
    `${way}: ${message}`,
    'No hub answers so much; check what answers in its place.',
  ],
  timeout: (_, way, { message }) => [
    `${way} did not answer in time: ${message}`,
    'Run it again. If it stays so, check firewall and proxy, and the health of the hub: az iot hub show-stats --name NAME.',
  ],
  broken: (_, way, { message }) => [
    `the connection to ${way} failed: ${message}`,
    'Run it again. If it stays so, check firewall and proxy.',
  ],
};

const checkProxy =
  'Check HTTPS_PROXY, or except the hub from it: NO_PROXY=.azure-devices.net (localhost for an embedded hub).';

/** With a proxy these are said of the proxy: the hub's name is looked up, and the hub connected to, by the proxy. */
const ofProxy: Readonly<Partial<Record<Obstacle, Sentences>>> = {
  'unknown-host': (_, way) => [`no way to ${way}: the name of the proxy is not known`, checkProxy],
  'name-service': (_, way) => [
    `no way to ${way}: the name of the proxy could not be looked up, the name service does not answer`,
    checkProxy,
  ],
  'connection-refused': (_, way, { code }) => [
    `no way to ${way}: the proxy takes no connections (${code})`,
    checkProxy,
  ],
};
