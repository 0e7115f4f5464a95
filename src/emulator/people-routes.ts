import type { Outcome } from './answer.ts';
import type { Call } from './call.ts';
import { Refused } from './errors.ts';
import { page } from './page.ts';

/**
 * `GET /` for people, who bring no signature: it shows devices, but nothing secret, and to this machine only. The host is compared, so
 * that a page of another site cannot have its own name lead here and read along.
 */
export function showPage({ request, service }: Call): Outcome {
  const host = request.header('host')?.toLowerCase() ?? '';
  if (!service.hosts.includes(host)) throw new Refused('GenericNotFound', 'There is nothing at this path.');
  return {
    html: page({ host, devices: service.registry.all(), counts: service.counts }),
    headers: {
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    },
  };
}

/** `POST /_emulator/reset`: no call of the service. */
export function resetHub({ service }: Call): Outcome {
  service.reset();
  return { status: 204 };
}
