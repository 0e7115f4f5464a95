import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Answer, refusalAnswer } from './answer.ts';
import type { ErrorName } from './errors.ts';
import { statusOf } from './errors.ts';

/** A call as a test sees it before it is carried out. */
export interface DisturbedCall {
  readonly method: string;
  /** Without the query string, still encoded. */
  readonly path: string;
  /** The parsed JSON, if there is one. */
  readonly body?: unknown;
}

/**
 * What goes wrong with one call. `before`: the hub never carries it out; `after`: it does, and the client does not learn it.
 * - `close`: the connection is cut. `hang`: nothing is ever answered, the connection stays.
 * - `truncate`: carried out, half of the answer is sent, then the connection is cut.
 * - `refuse`: not carried out, answered with an error of this name (its own status unless another is given).
 */
export type Disturbance =
  | { readonly kind: 'close' | 'hang'; readonly when: 'before' | 'after' }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'refuse'; readonly code: ErrorName; readonly status?: number; readonly text?: string };

/**
 * Asked before every call. It may be asynchronous: to wait, or to let another writer be quicker, and then give `undefined`.
 */
export type Disturb = (call: DisturbedCall) => Disturbance | undefined | Promise<Disturbance | undefined>;

/** Answers a call, disturbed or not; `carryOut` is called once at most. */
export function reply(
  response: ServerResponse,
  disturbance: Disturbance | undefined,
  carryOut: () => Answer,
  now: () => number,
): void {
  if (disturbance === undefined) {
    send(response, carryOut());
    return;
  }
  switch (disturbance.kind) {
    case 'refuse':
      send(response, refusal(disturbance, now()));
      return;
    case 'truncate':
      sendHalf(response, carryOut());
      return;
    case 'close':
    case 'hang':
      if (disturbance.when === 'after') carryOut();
      if (disturbance.kind === 'close') response.destroy();
  }
}

function refusal(disturbance: Disturbance & { readonly kind: 'refuse' }, now: number): Answer {
  const text = disturbance.text ?? texts[disturbance.code] ?? disturbance.code;
  const status = disturbance.status ?? statusOf(disturbance.code);
  return refusalAnswer(status, disturbance.code, text, randomUUID(), now);
}

const texts: { readonly [Name in ErrorName]?: string } = {
  ThrottlingBacklogTimeout: 'The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD',
};

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendHalf(response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}
