import { reportFor } from '../devices/report.ts';
import { type Outcome, objectIn, type Request } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import type { Call, Service } from './call.ts';
import { page } from './page.ts';

/** `GET /`, for people. It needs no signature, since it shows devices but nothing secret. */
export function showPage({ request, service }: Call): Outcome {
  const host = requireOwnName(request, service);
  return {
    text: page({
      host,
      devices: service.registry.all(),
      configurations: service.configurations.all().map((configuration) => ({
        configuration,
        results: service.evaluation.results(configuration),
      })),
      counts: service.counts,
      jobs: service.jobs.list(),
      scheduled: service.scheduled.list(),
    }),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    },
  };
}

/** `GET /metrics`, in Prometheus' text format. Who can read the page can read this too. */
export function showMetrics({ request, service }: Call): Outcome {
  requireOwnName(request, service);
  return {
    text: service.metrics.text(service.counts, service.registry.size()),
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  };
}

/** `POST /_emulator/reset`, which the service does not have. */
export function resetHub({ service }: Call): Outcome {
  service.reset();
  return { status: 204 };
}

/**
 * `PATCH /_emulator/reported/{id}` and `/_emulator/reported/{id}/modules/{mid}`, which the service does not have: writes
 * reported properties in place of the device, since no device connects to this hub. Tests act as the agent by it.
 */
export function report({ request, service, id, moduleId }: Call): Outcome {
  reportFor(service.registry, id, moduleId === '' ? undefined : moduleId, objectIn(request.body));
  return { status: 204 };
}

/**
 * Answers without a signature are for this machine only. The Host header is compared, because another site could point
 * its own name at this address and read the answer.
 */
function requireOwnName(request: Request, service: Service): string {
  const host = request.header('host')?.toLowerCase() ?? '';
  if (!service.hosts.includes(host)) throw new Refused('GenericNotFound', 'There is nothing at this path.');
  return host;
}
