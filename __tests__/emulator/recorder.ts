import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority } from '../../src/emulator/disk/authority.ts';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';
import type { Reachable } from './clients.ts';

/** One call as it was sent and answered. */
export interface Exchange {
  readonly method: string;
  /** Path without the query string, still encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The names are in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The parsed JSON. Undefined if there is no body. */
  readonly body: unknown;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, unknown>>;
  readonly answer: unknown;
}

export interface Recorder extends Reachable {
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/**
 * Starts a proxy for a hub. It passes every call on unchanged and records both sides. To clients it looks like the hub.
 */
export async function startRecorder(hub: EmbeddedHub): Promise<Recorder> {
  const authority = await makeAuthority(new Date());
  const agent = new Agent({ keepAlive: true, ca: hub.ca });
  const exchanges: Exchange[] = [];
  const server = createServer({ key: authority.server, cert: authority.server }, async (incoming, outgoing) => {
    const sent = await textOf(incoming);
    const { method = '', url = '', headers } = incoming;
    const onward = request({ method, path: url, headers, agent, host: 'localhost', port: hub.host.split(':')[1] });
    onward.on('error', () => outgoing.destroy());
    onward.on('response', async (response) => {
      const answered = await textOf(response);
      const [path = '', query = ''] = url.split('?');
      exchanges.push({
        method,
        path,
        query: Object.fromEntries(new URLSearchParams(query)),
        headers,
        body: parsed(sent),
        status: response.statusCode ?? 0,
        answerHeaders: response.headers,
        answer: parsed(answered),
      });
      outgoing.writeHead(response.statusCode ?? 500, response.rawHeaders).end(answered);
    });
    onward.end(sent);
  });
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  const { port } = server.address() as AddressInfo;
  const host = `localhost:${port}`;
  const strings = Object.entries(hub.connectionStrings).map(([name, text]) => [name, text.replace(hub.host, host)]);
  return {
    host,
    // The hub does not know the recorder's port. A token may leave the port out.
    signedAs: 'localhost',
    ca: authority.ca,
    connectionStrings: Object.fromEntries(strings),
    exchanges,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}
