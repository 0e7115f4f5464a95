import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import iothub from 'azure-iothub';
import { cli } from './fleet.ts';
import { usage } from './measure.ts';

/** The embedded hub in a process of its own. */
export interface HubProcess {
  readonly connectionString: string;
  readonly caFile: string;
  readonly host: string;
  /** Environment variables that a client needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  counted(): Promise<Counted>;
  /** Ends it, and gives the peak of its resident memory in megabytes. */
  stop(): Promise<number>;
  /** One call with the owner's signature. Rejects if it is refused. */
  call(method: string, path: string, body?: object, headers?: object): Promise<ReturnType<typeof JSON.parse>>;
}

/** What the hub has counted since its start. */
export interface Counted {
  readonly requests: number;
  /** Operations as quotas count them: a bulk of N counts N. */
  readonly registryWrites: number;
  readonly registryReads: number;
  readonly queries: number;
  readonly devices: number;
}

export async function startHubProcess(options: readonly string[] = []): Promise<HubProcess> {
  const child = spawn(process.execPath, ['--import', usage, cli, 'hub', ...options], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [, out, , pipe] = child.stdio;
  if (!(out instanceof Readable)) throw new Error('no hub: it has no output');
  const used = pipe instanceof Readable ? text(pipe) : '[]';
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const [line]: readonly string[] = await once(createInterface(out), 'line');
  const { connectionString, caFile, url }: Readonly<Record<string, string>> = JSON.parse(line ?? '{}');
  if (connectionString === undefined || caFile === undefined || url === undefined) throw new Error(`no hub: ${line}`);
  const ca = readFileSync(caFile, 'utf8');
  return {
    connectionString,
    caFile,
    host: new URL(url).host,
    env: { IOTHUB_CONNECTION_STRING: connectionString, NODE_EXTRA_CA_CERTS: caFile },
    counted: async () => readCounts(await get(`${url}/metrics`, ca)),
    async stop() {
      process.off('exit', end);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      const [, peakMegabytes = 0]: readonly number[] = JSON.parse((await used) || '[]');
      return peakMegabytes;
    },
    call: (method, path, body, headers) => signedCall({ connectionString, url, ca }, method, path, body, headers),
  };
}

/** A call of which only the answer's JSON is wanted. */
async function signedCall(
  { connectionString, url, ca }: { readonly connectionString: string; readonly url: string; readonly ca: string },
  method: string,
  path: string,
  body: object | undefined,
  headers: object = {},
): Promise<ReturnType<typeof JSON.parse>> {
  const key = /SharedAccessKey=(.+)$/.exec(connectionString)?.[1] ?? '';
  const soon = Math.ceil(Date.now() / 1000) + 3600;
  const authorization = iothub.SharedAccessSignature.create(new URL(url).host, 'iothubowner', key, soon).toString();
  const separator = path.includes('?') ? '&' : '?';
  return new Promise((resolve, reject) => {
    const options = { method, ca, agent: false, headers: { authorization, ...headers } };
    request(`${url}${path}${separator}api-version=2021-04-12`, options, (response) => {
      text(response).then((answer) => {
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${answer}`));
        else resolve(answer === '' ? undefined : JSON.parse(answer));
      }, reject);
    })
      .on('error', reject)
      .end(body === undefined ? '' : JSON.stringify(body));
  });
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}

function readCounts(metrics: string): Counted {
  const sum = (start: string) =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith(`embedded_hub_${start}`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    requests: sum('requests_total'),
    registryWrites: sum('operations_total{class="registry",kind="write"}'),
    registryReads: sum('operations_total{class="registry",kind="read"}'),
    queries: sum('operations_total{class="query"'),
    devices: sum('devices '),
  };
}
