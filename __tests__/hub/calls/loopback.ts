import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Authority } from '../../../src/emulator/disk/authority.ts';
import type { HubEndpoint } from '../../../src/model/hub-name.ts';
import { endpoint } from '../devices.ts';

/** Answers over TLS on this machine until the test ends. `connections` counts the sockets opened so far. */
export async function serve(authority: Authority, answer: RequestListener) {
  const server = createServer({ cert: authority.server, key: authority.server }, answer);
  let connections = 0;
  server.on('secureConnection', () => connections++);
  const host = await listen(server);
  return { host, connections: () => connections };
}

/** A proxy that supports only CONNECT. It refuses if `status` is not 200. With `leadsTo`, every host name leads there. */
export async function serveProxy(status = 200, { leadsTo }: { readonly leadsTo?: string } = {}) {
  const asked: { readonly target: string; readonly authorization: string | undefined }[] = [];
  const server = createHttpServer((_, response) => response.writeHead(400).end());
  server.on('connect', (request, client, head) => {
    asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    client.on('error', () => client.destroy());
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    const [name, port] = (leadsTo ?? request.url ?? '').split(':');
    const target = connect(Number(port), name, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(client);
      client.pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
  });
  const host = await listen(server);
  return { host, url: `http://${host}`, asked };
}

/** Takes connections and never says anything, as a hub, a proxy or a storage account may do. Counts the connections. */
export async function serveSilence() {
  let [opened, closed] = [0, 0];
  const server = createTcpServer((socket) => {
    opened++;
    socket.on('error', () => {}).on('close', () => closed++);
    socket.resume();
  });
  const host = await listen(server);
  return { host, url: `http://${host}`, opened: () => opened, closed: () => closed };
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<HubEndpoint> {
  const server = createHttpServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const host = hostOf(server);
  await new Promise((resolve) => server.close(resolve));
  return host;
}

async function listen(server: Server & { closeAllConnections?: () => void }): Promise<HubEndpoint> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return hostOf(server);
}

function hostOf(server: Server): HubEndpoint {
  const address = server.address() as AddressInfo;
  return endpoint(`localhost:${address.port}`);
}
