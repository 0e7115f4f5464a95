import { randomBytes } from 'node:crypto';
import { hubSecrets } from '../../src/emulator/access/secrets.ts';
import { createConfigurations } from '../../src/emulator/configurations/configurations.ts';
import { createEvaluation } from '../../src/emulator/configurations/evaluation.ts';
import { createRegistry } from '../../src/emulator/devices/registry.ts';
import type { Service } from '../../src/emulator/http/call.ts';
import { noCounts } from '../../src/emulator/http/counts.ts';
import { answer } from '../../src/emulator/http/exchange.ts';
import { createMetrics } from '../../src/emulator/http/metrics.ts';
import { createJobs } from '../../src/emulator/jobs/jobs.ts';
import { createScheduledJobs } from '../../src/emulator/jobs/scheduled/scheduled-jobs.ts';
import { realSleep } from '../../src/emulator/trouble/pace.ts';
import { signature } from './clients.ts';
import type { Send } from './model.ts';

const host = 'localhost';
const policyKey = Buffer.alloc(32, 1).toString('base64');
const owner = `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=${policyKey}`;

export interface InProcess {
  readonly send: Send;
  readonly service: Service;
  /** Milliseconds. Tests may set it. */
  now: number;
}

/** A hub behind its routes: everything but sockets. Its clock stands still. `most`: how many configurations it may have. */
export function hubInProcess({ lagMs = 0, most = 100 } = {}): InProcess {
  const clock = () => hub.now;
  const registry = createRegistry([], {
    clock,
    randomBytes,
    visibilityLagMs: 0,
    changed: (deviceId) => evaluation.deviceChanged(deviceId),
  });
  const evaluation = createEvaluation({ registry, clock, lagMs });
  const service: Service = {
    registry,
    secrets: hubSecrets({ iothubowner: policyKey, service: '', device: '', registryRead: '', registryReadWrite: '' }),
    clock,
    hosts: [host],
    counts: { ...noCounts },
    metrics: createMetrics(),
    configurations: createConfigurations({
      births: registry.births,
      clock,
      most,
      stored: [],
      keep: () => {},
      changed: evaluation.configurationChanged,
    }),
    evaluation,
    jobs: createJobs({
      registry,
      clock,
      pace: { now: clock, sleep: realSleep },
      linesPerMinute: undefined,
      stored: [],
      keep: () => {},
      imported: () => {},
      identity: undefined,
    }),
    scheduled: createScheduledJobs({
      registry,
      pace: { now: clock, sleep: realSleep },
      limits: undefined,
      stored: [],
      keep: () => {},
      flush: () => {},
    }),
    reset: () => {},
  };
  const send: Send = async (method, path, body, etag) => {
    const headers = new Map([['authorization', authorization]]);
    if (etag !== undefined) headers.set('if-match', etag);
    const answered = await answer(
      {
        method,
        target: `${path}${path.includes('?') ? '&' : '?'}api-version=2021-04-12`,
        header: (name) => headers.get(name),
        body: body === undefined ? { kind: 'none' } : { kind: 'json', value: body },
      },
      service,
      { throttle: undefined, flush: () => {} },
    );
    return { status: answered.status, body: answered.body === '' ? undefined : JSON.parse(answered.body) };
  };
  const hub = { send, service, now: Date.now() };
  const authorization = signature({ host, ca: '', connectionStrings: { iothubowner: owner } });
  return hub;
}
