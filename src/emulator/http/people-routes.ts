import type { Outcome, Request } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import type { Call, Service } from './call.ts';
import { page } from './page.ts';

/** `GET /` for people, who bring no signature: it shows devices, but nothing secret. */
export function showPage({ request, service }: Call): Outcome {
  const host = requireOwnName(request, service);
  return {
    text: page({ host, devices: service.registry.all(), counts: service.counts }),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    },
  };
}

/** `GET /metrics`, in Prometheus' text format; who may read the page may read this. */
export function showMetrics({ request, service }: Call): Outcome {
  requireOwnName(request, service);
  return {
    text: service.metrics.text(service.counts, service.registry.size()),
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  };
}

/** `POST /_emulator/reset`: no call of the service. */
export function resetHub({ service }: Call): Outcome {
  service.reset();
  return { status: 204 };
}

/**
 * What is shown without a signature is shown to this machine only. The host is compared, so that a page of another site cannot have its
 * own name lead here and read along.
 */
function requireOwnName(request: Request, service: Service): string {
  const host = request.header('host')?.toLowerCase() ?? '';
  if (!service.hosts.includes(host)) throw new Refused('GenericNotFound', 'There is nothing at this path.');
  return host;
}
