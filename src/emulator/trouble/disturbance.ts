import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Answer, refusalAnswer, rendered } from '../wire/answer.ts';
import { type ErrorName, Refused } from '../wire/errors.ts';
import type { Sleep } from './pace.ts';
import { throttled } from './throttle.ts';

/** A call, as a test sees it before it is carried out. */
export interface DisturbedCall {
  readonly method: string;
  /** Without the query string, still encoded. */
  readonly path: string;
  /** The parsed JSON. Absent if there is none. */
  readonly body?: unknown;
}

/**
 * What goes wrong with one call. `before`: the hub does not carry it out. `after`: the hub carries it out, but the
 * client does not learn that.
 * - `close`: the connection is cut.
 * - `hang`: nothing is answered, and the connection stays open.
 * - `truncate`: carried out; half of the answer is sent, then the connection is cut.
 * - `slow`: carried out; the body of the answer comes in ten pieces over `milliseconds` of the hub's time.
 * - `refuse`: answered with the error of this name, and with its status unless another is given. Not carried out unless
 *   `when` says so.
 * - `answer`: answered with this body instead, for example errors of single devices of a bulk. Not carried out.
 */
export type Disturbance =
  | { readonly kind: 'close' | 'hang'; readonly when: 'before' | 'after' }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  | { readonly kind: 'answer'; readonly status: number; readonly body: object }
  | {
      readonly kind: 'refuse';
      readonly code: ErrorName;
      readonly status?: number;
      readonly text?: string;
      readonly when?: 'before' | 'after';
    };

/**
 * Called before every call. It may be asynchronous: it can wait, or let another writer act first, and then return
 * `undefined`.
 */
export type Disturb = (call: DisturbedCall) => Disturbance | undefined | Promise<Disturbance | undefined>;

/** What a reply needs besides the call itself. */
export interface ReplyOptions {
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

/** What was sent. `status` is 0 if nothing was. */
export interface Sent {
  readonly status: number;
  /** Length of the body. */
  readonly bytes: number;
}

const nothing: Sent = { status: 0, bytes: 0 };

/** Answers a call, disturbed or not. Calls `carryOut` at most once. */
export async function reply(
  response: ServerResponse,
  disturbance: Disturbance | undefined,
  carryOut: () => Promise<Answer>,
  options: ReplyOptions,
): Promise<Sent> {
  if (disturbance === undefined) return send(response, await carryOut());
  switch (disturbance.kind) {
    case 'refuse':
      if (disturbance.when === 'after') await carryOut();
      return send(response, refusal(disturbance, options.now()));
    case 'answer':
      return send(response, rendered(disturbance, randomUUID()));
    case 'truncate':
      return sendHalf(response, await carryOut());
    case 'slow':
      return sendSlowly(response, await carryOut(), disturbance.milliseconds, options);
    case 'close':
    case 'hang':
      if (disturbance.when === 'after') await carryOut();
      if (disturbance.kind === 'close') response.destroy();
      return nothing;
  }
}

function refusal(disturbance: Disturbance & { readonly kind: 'refuse' }, now: number): Answer {
  const { code } = disturbance;
  const text = disturbance.text ?? (code === 'ThrottlingBacklogTimeout' ? throttled().message : code);
  return refusalAnswer(new Refused(code, text), randomUUID(), now, disturbance.status);
}

function send(response: ServerResponse, { status, headers, body }: Answer): Sent {
  const bytes = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'content-length': bytes });
  response.end(body);
  return { status, bytes };
}

function sendHalf(response: ServerResponse, { status, headers, body }: Answer): Sent {
  const bytes = Buffer.from(body);
  const half = bytes.subarray(0, bytes.length >> 1);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.write(half, () => response.destroy());
  return { status, bytes: half.length };
}

const pieces = 10;

async function sendSlowly(
  response: ServerResponse,
  { status, headers, body }: Answer,
  milliseconds: number,
  { sleep, signal }: ReplyOptions,
): Promise<Sent> {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.flushHeaders();
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < pieces && !response.destroyed; at += 1) {
    await sleep(milliseconds / pieces, signal);
    response.write(bytes.subarray(at * size, (at + 1) * size));
  }
  response.end();
  return { status, bytes: bytes.length };
}
