import type { Fault } from '../../model/fault.ts';
import type { HubEndpoint } from '../../model/hub-name.ts';
import { callFault } from './faults.ts';
import type { HttpFailure } from './http.ts';

/** Why a call gets no answer from a hub. Each is a row of the fault table. */
type Obstacle =
  | 'unknown-host'
  | 'name-service'
  | 'connection-refused'
  | 'certificate-expired'
  | 'certificate-untrusted'
  | 'certificate-other-name'
  | 'not-tls'
  | 'proxy-refused-tunnel'
  | 'answer-too-large'
  | 'timeout'
  | 'connection-broken';

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
  PROXY_REFUSED: 'proxy-refused-tunnel',
  TOO_LARGE: 'answer-too-large',
  TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
};

/** Obstacles that do not go away within seconds. */
const lasting: ReadonlySet<Obstacle> = new Set([
  'unknown-host',
  'certificate-expired',
  'certificate-untrusted',
  'certificate-other-name',
  'not-tls',
  'proxy-refused-tunnel',
  'answer-too-large',
]);

/** Obstacles that stop a call before its request is sent. */
const before: ReadonlySet<Obstacle> = new Set([
  'unknown-host',
  'name-service',
  'connection-refused',
  'certificate-expired',
  'certificate-untrusted',
  'certificate-other-name',
  'not-tls',
  'proxy-refused-tunnel',
]);

/** Once a hub has answered, these mean that the network is broken. They may go away within seconds. */
const interruptions: ReadonlySet<Obstacle> = new Set(['unknown-host', 'proxy-refused-tunnel']);

/** Whether another try cannot succeed. `known`: the hub has answered before. */
export function isLasting(failure: HttpFailure, known: boolean): boolean {
  const obstacle = obstacleOf(failure);
  return lasting.has(obstacle) && !(known && interruptions.has(obstacle));
}

/** Whether the hub cannot have seen the request. */
export function isUnsent(failure: HttpFailure): boolean {
  return before.has(obstacleOf(failure));
}

/** The fault of a hub that cannot be reached. `proxy`: the host and port of the proxy, if the call goes through one. */
export function unreachable(failure: HttpFailure, host: HubEndpoint, proxy: string | undefined): Fault {
  const { code, message } = failure;
  const obstacle = obstacleOf(failure);
  const details = { host, proxy, code, failure: message };
  if (proxy !== undefined && isBeforeProxy(obstacle)) {
    return callFault(`proxy-${obstacle}`, { ...details, proxy }, { cause: failure });
  }
  return callFault(obstacle, details, { cause: failure });
}

/**
 * With a proxy, these are about the proxy: the proxy, not this machine, looks up the hub's name and connects to the
 * hub.
 */
function isBeforeProxy(obstacle: Obstacle): obstacle is 'unknown-host' | 'name-service' | 'connection-refused' {
  return obstacle === 'unknown-host' || obstacle === 'name-service' || obstacle === 'connection-refused';
}

function obstacleOf({ code }: HttpFailure): Obstacle {
  return obstacles[code] ?? (/^ERR_SSL_/.test(code) ? 'not-tls' : 'connection-broken');
}
