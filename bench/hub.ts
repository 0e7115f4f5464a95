import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { cli } from './fleet.ts';

/** The embedded hub in a process of its own. */
export interface HubProcess {
  readonly connectionString: string;
  readonly caFile: string;
  readonly host: string;
  /** Environment variables that a client needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  counted(): Promise<Counted>;
  stop(): Promise<void>;
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
  const child = spawn(process.execPath, [cli, 'hub', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const [line]: readonly string[] = await once(createInterface(child.stdout), 'line');
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
    },
  };
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
