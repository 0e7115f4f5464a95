import { X509Certificate } from 'node:crypto';
import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import tls, { type ConnectionOptions } from 'node:tls';
import type { HubEndpoint } from '../../model/hub-name.ts';
import { callFault } from './faults.ts';

export interface HttpOptions {
  readonly host: HubEndpoint;
  /** Certificates to trust in addition to the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** The URL of a proxy. If absent or empty, no proxy is used. */
  readonly proxy?: string | undefined;
  /** Limits one exchange, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Measures that time. Default: the machine's clock. */
  readonly timer?: Timer | undefined;
}

/** Is fulfilled after so many milliseconds. Settles early, either way, when the signal is aborted. */
export type Timer = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** A complete answer of any status. */
export class HttpResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;

  constructor(statusCode: number, headers: IncomingHttpHeaders, text: string) {
    this.statusCode = statusCode;
    this.headers = headers;
    this.text = text;
  }
}

/**
 * An exchange without a complete answer. `code` is Node's (`ENOTFOUND`, `CERT_HAS_EXPIRED`) or one of ours (`TIMEOUT`,
 * `TRUNCATED`, `TOO_LARGE`, `PROXY_REFUSED`, `MALFORMED`).
 */
export class HttpFailure extends Error {
  readonly code: string;
  /** For `TIMEOUT`: how long nothing was answered, in milliseconds. */
  readonly waited: number | undefined;

  constructor(code: string, message: string, cause?: unknown, waited?: number) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HttpFailure';
    this.code = code;
    this.waited = waited;
  }
}

/** The failures that have a code of ours. Their words stand here alone. */
export const httpFailure = {
  timeout: (milliseconds: number) =>
    new HttpFailure('TIMEOUT', `no answer within ${milliseconds / 1000} s`, undefined, milliseconds),
  proxyRefused: (status: number) => new HttpFailure('PROXY_REFUSED', `the proxy answered ${status}`),
  tooLarge: () => new HttpFailure('TOO_LARGE', 'the answer has more than 64 MiB'),
  truncated: (cause?: unknown) => new HttpFailure('TRUNCATED', 'the answer broke off', cause),
  malformed: (cause?: unknown) => new HttpFailure('MALFORMED', 'the answer was not understood', cause),
} as const;

/** HTTPS to one host. */
export interface Http {
  /** Rejects only with an `HttpFailure`. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes the connections that are kept alive. */
  close(): void;
}

/** In bytes. A page of 1,000 twins is far smaller: a twin has at most 128 kB, usually 1 to 2 kB. */
const largestAnswer = 64 * 1024 * 1024;
const agentOptions = { keepAlive: true, maxSockets: 8 } as const;

/**
 * Throws a usage `Fault` for a CA or a proxy that cannot be used. The code for proxies is loaded only when there is a
 * proxy.
 */
export async function openHttp({ host, ca, proxy, timeoutMs, timer = byMachine }: HttpOptions): Promise<Http> {
  const { hostname, port } = new URL(`https://${host}`);
  const way = await openWay({ ca, proxy });
  const target = {
    // Without the protocol, the proxy's agent does not reuse its tunnels.
    protocol: 'https:',
    host: hostname,
    port: port === '' ? 443 : Number(port),
    ...way,
  };
  return {
    send: (request) => exchange(request, target, { timeoutMs, timer }),
    close: () => way.agent.destroy(),
  };
}

const byMachine: Timer = (milliseconds, signal) => delay(milliseconds, undefined, { signal });

/** The options of `https.request` that lead through the proxy and trust the CA. */
export interface Way extends Pick<ConnectionOptions, 'secureContext'> {
  /** Keeps connections open until it is destroyed. */
  readonly agent: Agent;
}

/** Throws as `openHttp` does. */
export async function openWay({ ca, proxy }: Pick<HttpOptions, 'ca' | 'proxy'>): Promise<Way> {
  const agent = proxy ? await proxyAgent(proxy) : new HttpsAgent(agentOptions);
  return { agent, ...(ca ? { secureContext: tls.createSecureContext({ ca: trusted(ca) }) } : {}) };
}

type Target = RequestOptions & Pick<ConnectionOptions, 'secureContext'>;

function exchange(
  { method, path, headers, body }: HttpRequest,
  target: Target,
  { timeoutMs, timer }: { readonly timeoutMs: number; readonly timer: Timer },
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...target, method, path, headers });
    const fail = (failure: HttpFailure) => {
      over.abort();
      reject(failure);
      request.destroy();
    };
    const over = new AbortController();
    const late = () => fail(httpFailure.timeout(timeoutMs));
    // The timer rejects when the answer came in time.
    timer(timeoutMs, over.signal).then(late, () => {});
    request.on('error', (error) => fail(failureOf(error)));
    request.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode !== 200) fail(httpFailure.proxyRefused(statusCode));
    });
    request.on('response', (response) => {
      collect(response).then((text) => {
        over.abort();
        resolve(new HttpResponse(response.statusCode ?? 0, response.headers, text));
      }, fail);
    });
    request.end(body);
  });
}

/** Returns the body as UTF-8. It is decoded as a whole, because two chunks may share a character. */
function collect(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestAnswer) reject(httpFailure.tooLarge());
      else chunks.push(chunk);
    });
    const broken = (cause?: unknown) => reject(httpFailure.truncated(cause));
    response.on('error', broken);
    response.on('end', () => (response.complete ? resolve(Buffer.concat(chunks).toString('utf8')) : broken()));
  });
}

async function proxyAgent(proxy: string): Promise<Agent> {
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw callFault('proxy-unusable', {});
  }
  const { openTunnels } = await import('./tunnels.ts');
  return openTunnels(proxy, agentOptions);
}

/**
 * Returns `ca` and the certificates that Node trusts by itself, since `ca` alone would replace them.
 * Before Node 22.15 the certificates of NODE_EXTRA_CA_CERTS cannot be read, so there they are not included.
 */
function trusted(ca: string): string[] {
  try {
    new X509Certificate(ca); // createSecureContext accepts any text
  } catch (cause) {
    const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(ca);
    throw callFault(isKey ? 'ca-is-private-key' : 'ca-unusable', {}, { cause });
  }
  const usual = typeof tls.getCACertificates === 'function' ? tls.getCACertificates('default') : tls.rootCertificates;
  return [...usual, ca];
}

function failureOf(error: Error): HttpFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return new HttpFailure(code, error.message || code, error);
}
