import { Agent, type RequestOptions, request } from 'node:https';
import { JobClient, Registry, SharedAccessSignature } from 'azure-iothub';
import { Http } from 'azure-iothub/dist/common-http/http.js';
import { RestApiClient } from 'azure-iothub/dist/common-http/rest_api_client.js';
import type { EmbeddedHub } from '../../src/emulator/hub.ts';

export type Policy = keyof EmbeddedHub['connectionStrings'];

/** What a client knows about a hub. A hub in another process gives only the owner's connection string. */
export interface Reachable {
  readonly host: string;
  /** The hub's name in signatures, if it differs from `host`. */
  readonly signedAs?: string;
  /** PEM. */
  readonly ca: string;
  readonly connectionStrings: Partial<EmbeddedHub['connectionStrings']>;
}

/** A signature made by the stock SDK, valid for an hour from `now` (milliseconds). */
export function signature(hub: Reachable, policy: Policy = 'iothubowner', now = Date.now()): string {
  const key = /SharedAccessKey=(.+)$/.exec(hub.connectionStrings[policy]!)![1]!;
  return SharedAccessSignature.create(hub.signedAs ?? hub.host, policy, key, Math.ceil(now / 1000) + 3600).toString();
}

/** The stock registry client. */
export function stockRegistry(hub: Reachable, policy: Policy = 'iothubowner'): Registry & { close(): void } {
  const { config, client, close } = stockClient(hub, policy);
  return Object.assign(new Registry(config, client), { close });
}

/** The stock client of jobs on queries. */
export function stockJobClient(hub: Reachable, policy: Policy = 'iothubowner'): JobClient & { close(): void } {
  const { client, close } = stockClient(hub, policy);
  return Object.assign(new JobClient(client), { close });
}

/**
 * What the stock clients are made of. Its HTTP layer has no port, so the port is added to its options. Nothing else is changed.
 */
export function stockClient(hub: Reachable, policy: Policy = 'iothubowner') {
  const [host = '', port = ''] = hub.host.split(':');
  const agent = new Agent({ keepAlive: true, ca: hub.ca });
  const http = new Http();
  const build = http.buildRequest.bind(http);
  const withPort: Pick<Http, 'buildRequest' | 'setOptions'> = {
    buildRequest: (method, path, headers, _host, options, done) =>
      build(method, path, headers, host, { port: Number(port) }, typeof options === 'function' ? options : done),
    setOptions: () => http.setOptions({ http: { agent } }),
  };
  const config = { host: hub.host, sharedAccessSignature: signature(hub, policy) };
  const client = new RestApiClient(config, 'stock', Object.assign(Object.create(http), withPort));
  // Registry and JobClient do this themselves; DeviceMethod does not.
  withPort.setOptions({});
  return { config, client, close: () => agent.destroy() };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly json: ReturnType<typeof JSON.parse>;
}

export interface RawCall {
  readonly body?: unknown;
  /** A body that is sent as it is, instead of `body`. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
  readonly policy?: Policy;
  readonly version?: string;
  readonly timeout?: number;
  /** Keeps connections. Without an agent every call opens a new one. */
  readonly agent?: Agent;
}

/** Makes one HTTPS call with plain Node. The path is sent exactly as given. */
export function call(hub: Reachable, method: string, path: string, options: RawCall = {}): Promise<RawAnswer> {
  const text = options.text ?? (options.body === undefined ? '' : JSON.stringify(options.body));
  const version = options.version ?? '2021-04-12';
  const target = path.includes('api-version') ? path : `${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
  const settings: RequestOptions = {
    method,
    path: target,
    host: 'localhost',
    port: Number(hub.host.split(':')[1]),
    ca: hub.ca,
    agent: options.agent ?? false,
    headers: {
      authorization: options.headers?.authorization ?? signature(hub, options.policy),
      'content-length': String(Buffer.byteLength(text)),
      ...options.headers,
    },
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(settings, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answered = Buffer.concat(chunks).toString();
        const isJson = /json/.test(response.headers['content-type'] ?? '');
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: answered,
          json: isJson ? JSON.parse(answered) : undefined,
        });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('timed out')));
    sent.on('error', reject);
    sent.end(text);
  });
}
