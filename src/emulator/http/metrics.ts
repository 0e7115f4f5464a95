import type { Counts } from './counts.ts';

/** What a hub counts apart from operations, for `GET /metrics`. */
export interface Metrics {
  /** Counts one exchange. `status` is 0 if nothing was answered. Bytes are those of the bodies. */
  exchange(route: string, status: number, received: number, sent: number): void;
  /** Counts a disturbance of this kind. */
  fault(kind: string): void;
  /** Everything in Prometheus' text format, https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(counts: Counts, devices: number): string;
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  const faults = new Map<string, number>();
  let received = 0;
  let sent = 0;
  return {
    exchange(route, status, bytesReceived, bytesSent) {
      received += bytesReceived;
      sent += bytesSent;
      add(requests, `route="${route}",status="${status === 0 ? 'none' : status}"`);
    },
    fault: (kind) => add(faults, `kind="${kind}"`),
    text(counts, devices) {
      const operations: Rows = [
        ['class="registry",kind="read"', counts.registryReads],
        ['class="registry",kind="write"', counts.registryWrites],
        ['class="query",kind="read"', counts.queries],
        ['class="twin",kind="read"', counts.twinReads],
        ['class="twin",kind="write"', counts.twinWrites],
        ['class="configuration",kind="read"', counts.configurationReads],
        ['class="configuration",kind="write"', counts.configurationWrites],
        ['class="job",kind="write"', counts.importedLines],
      ];
      return [
        ...counter('requests_total', 'Answers by route and status; none: the connection ended without one.', requests),
        ...counter('operations_total', 'Operations as quotas count them: a bulk of N is N.', operations),
        ...counter('throttled_total', 'Calls refused since the quota was used up.', [['', counts.throttled]]),
        ...counter('queued_milliseconds_total', 'Time that calls have waited for the quota, by the clock of the hub.', [
          ['', Math.round(counts.queuedMilliseconds)],
        ]),
        ...counter('faults_total', 'Disturbances (--faults) by kind.', faults),
        ...counter('received_bytes_total', 'Bodies of requests.', [['', received]]),
        ...counter('sent_bytes_total', 'Bodies of answers.', [['', sent]]),
        '# HELP embedded_hub_devices Devices in the registry.',
        '# TYPE embedded_hub_devices gauge',
        `embedded_hub_devices ${devices}`,
        '',
      ].join('\n');
    },
  };
}

/** Labels are words of ours, so they need no escaping. */
type Rows = Iterable<readonly [labels: string, value: number]>;

function counter(name: string, help: string, rows: Rows): readonly string[] {
  const lines = [...rows].map(
    ([labels, value]) => `embedded_hub_${name}${labels === '' ? '' : `{${labels}}`} ${value}`,
  );
  return [`# HELP embedded_hub_${name} ${help}`, `# TYPE embedded_hub_${name} counter`, ...lines];
}

function add(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}
