import { X509Certificate } from 'node:crypto';
import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import tls, { type ConnectionOptions } from 'node:tls';
import { Fault } from '../../model/fault.ts';
import type { HubHost } from '../../model/fleet.ts';

export interface HttpOptions {
  readonly host: HubHost;
  /** Certificates to trust beside the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** The URL of a proxy; absent or empty: none. */
  readonly proxy?: string | undefined;
  /** For the whole of one exchange, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** By what that passes; the machine's clock unless it is given. */
  readonly timer?: Timer | undefined;
}

/** Fulfilled after so many milliseconds; one way or the other when the signal is aborted. */
export type Timer = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** A whole answer, whatever its status. */
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

/** No whole answer. `code` is Node's (`ENOTFOUND`, `CERT_HAS_EXPIRED`) or one of ours (`TIMEOUT`, `TRUNCATED`, `TOO_LARGE`, `PROXY_REFUSED`). */
export class HttpFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HttpFailure';
    this.code = code;
  }
}

/** HTTPS to one host. */
export interface Http {
  /** Rejects with `HttpFailure` alone. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Ends the connections that are kept alive. */
  close(): void;
}

/** The hub's pages of 1,000 twins stay far below it (a twin has at most 128 kB, commonly 1 to 2). */
const largestAnswer = 64 * 1024 * 1024;
const agentOptions = { keepAlive: true, maxSockets: 8 } as const;

/** Throws a usage `Fault` for a CA or a proxy that is none. The proxy's part is loaded only where there is a proxy. */
export async function openHttp({ host, ca, proxy, timeoutMs, timer = byMachine }: HttpOptions): Promise<Http> {
  const { hostname, port } = new URL(`https://${host}`);
  const way = await openWay({ ca, proxy });
  const target = {
    // Named, since the proxy's agent else forgets that it may use a tunnel again.
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

/** How HTTPS gets anywhere from here: options of `https.request`. Throws as `openHttp` does. */
export interface Way extends Pick<ConnectionOptions, 'secureContext'> {
  /** Keeps connections until it is destroyed. */
  readonly agent: Agent;
}

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
    const late = () => fail(new HttpFailure('TIMEOUT', `no answer within ${timeoutMs / 1000} s`));
    // Rejected, it was in time.
    timer(timeoutMs, over.signal).then(late, () => {});
    request.on('error', (error) => fail(failureOf(error)));
    request.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode !== 200) fail(new HttpFailure('PROXY_REFUSED', `the proxy answered ${statusCode}`));
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

/** The body as UTF-8, decoded in one piece since a character may be split over two chunks. */
function collect(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestAnswer) reject(new HttpFailure('TOO_LARGE', 'the answer has more than 64 MiB'));
      else chunks.push(chunk);
    });
    const broken = (cause?: unknown) => reject(new HttpFailure('TRUNCATED', 'the answer broke off', cause));
    response.on('error', broken);
    response.on('end', () => (response.complete ? resolve(Buffer.concat(chunks).toString('utf8')) : broken()));
  });
}

async function proxyAgent(proxy: string): Promise<Agent> {
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new Fault('HTTPS_PROXY is not the URL of a proxy', 'Write it as http://HOST:PORT, or unset it.', {
      kind: 'usage',
    });
  }
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  return new HttpsProxyAgent(proxy, agentOptions);
}

/**
 * All that is trusted: `ca` and what Node trusts by itself, which `ca` alone would replace.
 * Before Node 22.15 there is no way to learn what NODE_EXTRA_CA_CERTS added, so that there one has to choose.
 */
function trusted(ca: string): string[] {
  try {
    new X509Certificate(ca); // createSecureContext takes any text without a word
  } catch (cause) {
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(ca);
    const message = key ? 'ca-file holds a private key and no certificate' : 'ca-file holds no certificate in PEM';
    const remedy = key
      ? 'Give it the certificate of the authority instead (-----BEGIN CERTIFICATE-----…), and keep its key where nobody else reads it.'
      : 'Give it a CA certificate in PEM: -----BEGIN CERTIFICATE-----…; of one in DER, openssl x509 -inform der -in FILE -out ca.pem makes it.';
    throw new Fault(message, remedy, { kind: 'usage', cause });
  }
  const usual = typeof tls.getCACertificates === 'function' ? tls.getCACertificates('default') : tls.rootCertificates;
  return [...usual, ca];
}

function failureOf(error: Error): HttpFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return new HttpFailure(code, error.message || code, error);
}
