import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import iothub from 'azure-iothub';
import { Http } from 'azure-iothub/dist/common-http/http.js';
import { RestApiClient } from 'azure-iothub/dist/common-http/rest_api_client.js';
import { idsOf, thumbprintOf } from './fleet.ts';

/**
 * The process that our tool is compared with: the stock azure-iothub SDK and nothing else. `single`: one device at a
 * time. `bulk`: bulks of 100, eight at once, no checks. `certificates`: the same, with the thumbprints of two
 * certificate files for each device.
 */
const [mode = 'bulk', count = '1'] = process.argv.slice(2);
const connectionString = process.env.IOTHUB_CONNECTION_STRING ?? '';
const ids = idsOf(Number(count));
const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: readFileSync(process.env.NODE_EXTRA_CA_CERTS ?? '') });
const registry = openRegistry();
if (mode === 'single') for (const id of ids) await registry.create(deviceOf(id));
else await Promise.all(Array.from({ length: 8 }, writeBulks));
agent.destroy();

async function writeBulks(_: unknown, lane: number): Promise<void> {
  for (let from = lane * 100; from < ids.length; from += 800) {
    const { responseBody } = await registry.addDevices(ids.slice(from, from + 100).map(deviceOf));
    if (!responseBody.isSuccessful) throw new Error(JSON.stringify(responseBody.errors));
  }
}

function deviceOf(deviceId: string) {
  const x509Thumbprint = {
    primaryThumbprint: thumbprint(deviceId, 'primary'),
    secondaryThumbprint: thumbprint(deviceId, 'secondary'),
  };
  return {
    deviceId,
    status: 'enabled',
    capabilities: { iotEdge: true },
    authentication: { type: 'selfSigned', x509Thumbprint },
  };
}

function thumbprint(id: string, slot: 'primary' | 'secondary'): string {
  if (mode !== 'certificates') return thumbprintOf(id, slot);
  const certificate = new X509Certificate(readFileSync(`certs/${id}-${slot}.pem`));
  return certificate.fingerprint256.replaceAll(':', '');
}

/** The stock client. Its HTTP layer has no port, so the port is added to its options. Nothing else is changed. */
function openRegistry() {
  const [, name = '', port = '', key = ''] =
    /HostName=([^:;]+):(\d+);SharedAccessKeyName=iothubowner;SharedAccessKey=(.+)/.exec(connectionString) ?? [];
  const http = new Http();
  const build = http.buildRequest.bind(http);
  const withPort: Pick<Http, 'buildRequest' | 'setOptions'> = {
    buildRequest: (method, path, headers, _host, options, done) =>
      build(method, path, headers, name, { port: Number(port) }, typeof options === 'function' ? options : done),
    setOptions: () => http.setOptions({ http: { agent } }),
  };
  const expiry = Math.ceil(Date.now() / 1000) + 3600;
  const signature = iothub.SharedAccessSignature.create(name, 'iothubowner', key, expiry).toString();
  const config = { host: name, sharedAccessSignature: signature };
  const client = new RestApiClient(config, 'stock', Object.assign(Object.create(http), withPort));
  return new iothub.Registry(config, client);
}
