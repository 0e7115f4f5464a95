import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Fault, messageOf } from '../../model/fault.ts';
import { emulatorFault } from '../faults.ts';
import type { Body } from '../wire/answer.ts';

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** A body as it was received. */
export interface Received {
  readonly body: Body;
  /** Its length in bytes. */
  readonly bytes: number;
}

export type Handler = (request: IncomingMessage, received: Received, response: ServerResponse) => Promise<void>;

/** Bytes. It is larger than any call of 100 devices. The service's own limit is not documented. */
const largestBody = 4 << 20;
const tries = 20;

/**
 * Listens with TLS on loopback only: on 127.0.0.1, and on ::1 if the machine has it, since `localhost` may mean either.
 * `pem` is the certificate and its key. Port 0 takes any port that is free on both. Throws `Fault` if the given port is
 * taken or forbidden.
 */
export async function listen(port: number, pem: string, handle: Handler): Promise<Listener> {
  const begin = () => server(pem, handle);
  for (let attempt = 1; ; attempt += 1) {
    const first = begin();
    const taken = await bind(first, '127.0.0.1', port);
    if (taken !== undefined) throw portTaken(port, taken);
    const bound = portOf(first);
    const second = begin();
    const failure = await bind(second, '::1', bound);
    if (failure === undefined) return listener([first, second], bound);
    if (failure.code !== 'EADDRINUSE') return listener([first], bound); // A machine without IPv6.
    await stop(first);
    if (port !== 0 || attempt === tries) throw portTaken(bound, failure);
  }
}

function server(pem: string, handle: Handler): Server {
  // This is longer than clients keep an idle connection, so that they never send into one that is being closed.
  // A device may show a certificate. Each call judges it by its thumbprint, so nothing is refused while connecting.
  const certificates = { requestCert: true, rejectUnauthorized: false };
  const made = createServer({ key: pem, cert: pem, keepAliveTimeout: 120_000, ...certificates });
  made.on('request', (request: IncomingMessage, response: ServerResponse) => {
    readBody(request)
      .then((received) => handle(request, received, response))
      .catch((error: unknown) => fail(response, error));
  });
  return made;
}

/** Answers with what the hook of a test has thrown, so that the test's author reads it. */
function fail(response: ServerResponse, error: unknown): void {
  if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(messageOf(error));
}

async function readBody(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    // Always read to the end. A client that still sends would miss the answer.
    length += chunk.length;
    if (length <= largestBody) chunks.push(chunk);
  }
  return { body: length > largestBody ? { kind: 'too-large' } : parsed(chunks), bytes: length };
}

function parsed(chunks: readonly Buffer[]): Body {
  if (chunks.length === 0) return { kind: 'none' };
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { kind: 'invalid' };
  }
}

function bind(made: Server, host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    made.once('error', resolve);
    made.listen({ host, port, ipv6Only: host === '::1' }, () => {
      made.removeListener('error', resolve);
      resolve(undefined);
    });
  });
}

function portOf(made: Server): number {
  const address: AddressInfo | string | null = made.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listener(servers: readonly Server[], port: number): Listener {
  return {
    port,
    async close() {
      await Promise.all(servers.map(stop));
    },
  };
}

function stop(made: Server): Promise<void> {
  return new Promise((resolve) => {
    made.close(() => resolve());
    made.closeAllConnections();
  });
}

function portTaken(port: number, cause: NodeJS.ErrnoException): Fault {
  const row = cause.code === 'EACCES' ? 'port-forbidden' : 'port-taken';
  return emulatorFault(row, { port, why: messageOf(cause) }, { cause });
}
