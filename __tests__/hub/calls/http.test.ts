import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Authority, makeAuthority } from '../../../src/emulator/disk/authority.ts';
import { callFault } from '../../../src/hub/calls/faults.ts';
import { type HttpOptions, HttpResponse, httpFailure, openHttp } from '../../../src/hub/calls/http.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { endpoint } from '../devices.ts';
import { closedPort, serve, serveProxy, serveSilence } from './loopback.ts';

let authority: Authority;
let expired: Authority;

beforeAll(async () => {
  const threeYears = 3 * 365 * 86_400_000;
  [authority, expired] = await Promise.all([
    makeAuthority(new Date()),
    makeAuthority(new Date(Date.now() - threeYears)),
  ]);
});

const get = { method: 'GET', path: '/devices?x=1', headers: { 'User-Agent': 'test/1' }, body: '' };

async function open(options: Partial<HttpOptions> & Pick<HttpOptions, 'host'>) {
  const http = await openHttp({ ca: authority.ca, timeoutMs: 10_000, ...options });
  onTestFinished(() => http.close());
  return http;
}

describe('an exchange', () => {
  it('sends method, path, headers and body to the port in the host name, and brings back the answer', async () => {
    const { host } = await serve(authority, (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, url, headers } = request;
        response.writeHead(418, { 'x-ms-continuation': 'more' });
        response.end(JSON.stringify({ method, url, agent: headers['user-agent'], host: headers.host, body }));
      });
    });
    const http = await open({ host });
    const answer = await http.send({ ...get, method: 'POST', body: 'Grüße' });
    expect(answer).toBeInstanceOf(HttpResponse);
    expect(answer.statusCode).toBe(418);
    expect(answer.headers['x-ms-continuation']).toBe('more');
    const expected = { method: 'POST', url: '/devices?x=1', agent: 'test/1', host, body: 'Grüße' };
    expect(JSON.parse(answer.text)).toEqual(expected);
  });

  it('keeps a character whole whose bytes come in two chunks', async () => {
    const bytes = Buffer.from('zwölf → 𝄞');
    const { host } = await serve(authority, async (_, response) => {
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      response.end();
    });
    expect((await (await open({ host })).send(get)).text).toBe('zwölf → 𝄞');
  });

  it('uses a connection again', async () => {
    const { host, connections } = await serve(authority, (_, response) => response.end('yes'));
    const http = await open({ host });
    for (let n = 0; n < 5; n++) await http.send(get);
    expect(connections()).toBe(1);
  });

  it.each([
    ['that says how long it is', (response: ServerResponse) => response.writeHead(200, { 'Content-Length': '100' })],
    ['that comes in chunks', (response: ServerResponse) => response.writeHead(200)],
  ])('takes half an answer %s for none', async (_, head) => {
    const { host } = await serve(authority, (_request, response) => {
      head(response);
      response.write('{"isSuccessful":true}', () => response.destroy());
    });
    await expect((await open({ host })).send(get)).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  it('fails where the connection is cut before an answer', async () => {
    const { host } = await serve(authority, (request) => request.destroy());
    await expect((await open({ host })).send(get)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends after its time, whether nothing comes or the answer never ends', async () => {
    const { host } = await serve(authority, (request, response) => {
      if (request.url === '/drip') setInterval(() => response.write('.'), 20).unref();
    });
    const http = await open({ host, timeoutMs: 150 });
    const { message } = httpFailure.timeout(150);
    await expect(http.send(get)).rejects.toMatchObject({ code: 'TIMEOUT', message });
    expect(message).toContain('0.15 s');
    await expect(http.send({ ...get, path: '/drip' })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('gives up an answer of more than 64 MiB', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024);
    const { host } = await serve(authority, (_, response) => {
      for (let sent = 0; sent < 64; sent++) response.write(mebibyte);
      response.end('1');
    });
    await expect((await open({ host })).send(get)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('fails where nobody listens, and where nobody is', async () => {
    await expect((await open({ host: await closedPort() })).send(get)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect((await open({ host: endpoint('nonexistent.invalid') })).send(get)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    });
  });
});

describe('trust', () => {
  it('is refused to a certificate of an unknown authority', async () => {
    const { host } = await serve(authority, (_, response) => response.end());
    await expect((await open({ host, ca: undefined })).send(get)).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/),
    });
  });

  it('is refused to an expired certificate', async () => {
    const { host } = await serve(expired, (_, response) => response.end());
    await expect((await open({ host, ca: expired.ca })).send(get)).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' });
  });

  it('given to one more authority leaves that of Node in place', async () => {
    const other = await makeAuthority(new Date());
    const servers = await Promise.all([authority, other].map((of) => serve(of, (_, response) => response.end('yes'))));
    const folder = folderWith({ 'extra.pem': authority.ca });
    const script = `
      const { openHttp } = await import(${JSON.stringify(new URL('../../../src/hub/calls/http.ts', import.meta.url).href)});
      for (const host of ${JSON.stringify(servers.map(({ host }) => host))}) {
        const http = await openHttp({ host, ca: process.env.OTHER_CA, timeoutMs: 10_000 });
        console.log((await http.send({ method: 'GET', path: '/', headers: {}, body: '' })).text);
        http.close();
      }`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'extra.pem'), OTHER_CA: other.ca };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(stdout).toBe('yes\nyes\n');
  });

  it.each<[string, () => string, 'ca-unusable' | 'ca-is-private-key', RegExp]>([
    ['nothing of use', () => 'not a certificate', 'ca-unusable', /BEGIN CERTIFICATE.*-inform der/],
    [
      'a private key',
      () => `${generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })}`,
      'ca-is-private-key',
      /BEGIN CERTIFICATE/,
    ],
  ])('needs a certificate to start from, not %s', async (_, ca, expected, remedy) => {
    const fault = await faultOf(openHttp({ host: endpoint('localhost'), ca: ca(), timeoutMs: 1 }));
    expect(said(fault)).toEqual(said(callFault(expected, {})));
    expect(fault).toMatchObject({ kind: 'usage', remedy: expect.stringMatching(remedy) });
  });
});

describe('a proxy', () => {
  it('is asked for a tunnel, and the hub answers through it', async () => {
    const { host } = await serve(authority, (_, response) => response.end('through'));
    const proxy = await serveProxy();
    const http = await open({ host, proxy: proxy.url.replace('//', '//user:p%40ss@') });
    expect((await http.send(get)).text).toBe('through');
    expect((await http.send(get)).text).toBe('through');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: host, authorization }]);
  });

  it.each([403, 407, 502])('that answers %i is no answer of the hub', async (status) => {
    const proxy = await serveProxy(status);
    const http = await open({ host: endpoint('contoso.azure-devices.net'), proxy: proxy.url });
    await expect(http.send(get)).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      message: httpFailure.proxyRefused(status).message,
    });
    expect(httpFailure.proxyRefused(status).message).toContain(`${status}`);
    expect(proxy.asked).toHaveLength(1);
  });

  it('that never answers keeps no socket of an exchange that is given up', async () => {
    const proxy = await serveSilence();
    const http = await open({ host: endpoint('contoso.azure-devices.net'), proxy: proxy.url, timeoutMs: 100 });
    for (let n = 0; n < 10; n++) await expect(http.send(get)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect(proxy.closed()).toBe(10));
    expect(proxy.opened()).toBe(10);
  });

  it('that never answers keeps no socket once the connections are closed', async () => {
    const proxy = await serveSilence();
    const http = await open({ host: endpoint('contoso.azure-devices.net'), proxy: proxy.url });
    const sent = expect(http.send(get)).rejects.toBeInstanceOf(Error);
    await vi.waitFor(() => expect(proxy.opened()).toBe(1));
    http.close();
    await vi.waitFor(() => expect(proxy.closed()).toBe(1));
    await sent;
  });

  it('that answers late leads the next exchange through the same tunnel', async () => {
    const { host } = await serve(authority, (_, response) => response.end('through'));
    const proxy = await serveProxy();
    const http = await open({ host, proxy: proxy.url });
    const answers = await Promise.all([http.send(get), http.send(get)]);
    await http.send(get);
    expect(answers.map(({ text }) => text)).toEqual(['through', 'through']);
    expect(proxy.asked).toHaveLength(2);
  });

  it('that is not there fails the exchange', async () => {
    const http = await open({ host: endpoint('contoso.azure-devices.net'), proxy: `http://${await closedPort()}` });
    await expect(http.send(get)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each(['nonsense', 'socks5://localhost:1080'])('that is %s is refused', async (proxy) => {
    const attempt = openHttp({ host: endpoint('localhost'), proxy, timeoutMs: 1 });
    await expect(attempt).rejects.toMatchObject(said(callFault('proxy-unusable', {})));
    await expect(attempt).rejects.toMatchObject({ kind: 'usage', message: expect.not.stringContaining(proxy) });
  });
});
