import { request } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { routeName } from '../../../src/emulator/http/routes.ts';
import { startHub } from '../../../src/emulator/hub.ts';
import { call } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

/** Without a signature, and by whatever name. */
function metricsOf(hub: { readonly host: string; readonly ca: string }, host = hub.host) {
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const port = Number(hub.host.split(':')[1]);
    const options = {
      host: 'localhost',
      port,
      path: '/metrics',
      ca: hub.ca,
      headers: { host },
      servername: 'localhost',
    };
    request(options, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text });
    })
      .on('error', reject)
      .end();
  });
}

describe('GET /metrics', () => {
  it('counts calls by route and answer, operations as quotas do, and bytes', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const bulk = ['a', 'b', 'c'].map((id) => ({ ...edgeBody(id), id, importMode: 'create' }));
    const { text: answered } = await call(hub, 'POST', '/devices', { body: bulk });
    await call(hub, 'GET', '/devices/a');
    await call(hub, 'GET', '/devices/nobody');
    await call(hub, 'GET', '/devices/nobody');
    await call(hub, 'GET', '/nowhere');
    await call(hub, 'PATCH', '/twins/a', { body: { tags: { site: 'berlin' } } });
    await call(hub, 'POST', '/devices/query', { body: { query: 'SELECT * FROM devices' } });
    const { status, type, text } = await metricsOf(hub);
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const lines = text.split('\n');
    for (const line of [
      'embedded_hub_requests_total{route="POST /devices",status="200"} 1',
      'embedded_hub_requests_total{route="GET /devices/{id}",status="200"} 1',
      'embedded_hub_requests_total{route="GET /devices/{id}",status="404"} 2',
      'embedded_hub_requests_total{route="none",status="404"} 1',
      'embedded_hub_operations_total{class="registry",kind="write"} 3',
      'embedded_hub_operations_total{class="registry",kind="read"} 3',
      'embedded_hub_operations_total{class="query",kind="read"} 1',
      'embedded_hub_operations_total{class="twin",kind="write"} 1',
      'embedded_hub_throttled_total 0',
      'embedded_hub_queued_milliseconds_total 0',
      'embedded_hub_devices 3',
    ]) {
      expect(lines).toContain(line);
    }
    const number = (name: string) => Number(new RegExp(`^embedded_hub_${name} (\\d+)$`, 'm').exec(text)?.[1]);
    expect(number('received_bytes_total')).toBeGreaterThan(JSON.stringify(bulk).length);
    expect(number('sent_bytes_total')).toBeGreaterThan(answered.length);
  });

  it('is in the form that Prometheus reads: HELP and TYPE before each name, one sample a line', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    await call(hub, 'GET', '/devices');
    const { text } = await metricsOf(hub);
    expect(text.endsWith('\n')).toBe(true);
    let current = '';
    for (const line of text.slice(0, -1).split('\n')) {
      const [, kind, name = ''] = /^# (HELP|TYPE) (\w+) (?:\S.*)$/.exec(line) ?? [];
      if (kind === 'HELP') current = name;
      else if (kind === 'TYPE') expect(name).toBe(current);
      else expect(line).toMatch(new RegExp(`^${current}(\\{(\\w+="[^"\\\\]*",?)+\\})? \\d+$`));
    }
  });

  it('is for this machine only, as the page is', async () => {
    const hub = await startHub();
    onTestFinished(() => hub.close());
    expect((await metricsOf(hub, 'evil.example')).status).toBe(404);
  });
});

it.each([
  ['GET', '/', 'GET /'],
  ['GET', '/devices', 'GET /devices'],
  ['GET', '/devices/', 'GET /devices'],
  ['PUT', '/devices/a%2Fb', 'PUT /devices/{id}'],
  ['GET', '/devices/a/modules', 'GET /devices/{id}/modules'],
  ['DELETE', '/devices/a/modules/m', 'DELETE /devices/{id}/modules/{mid}'],
  ['PATCH', '/twins/a', 'PATCH /twins/{id}'],
  ['POST', '/devices/query', 'POST /devices/query'],
  ['POST', '/jobs/create', 'POST /jobs/create'],
  ['DELETE', '/jobs/x', 'DELETE /jobs/{id}'],
  ['POST', '/devices/a', 'none'],
  ['GET', '/devices/a/b', 'none'],
])('%s %s is counted as %s', (method, path, name) => {
  expect(routeName(method, path)).toBe(name);
});
