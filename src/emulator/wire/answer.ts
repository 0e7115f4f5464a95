import { errorBody, Refused } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** A request, its body read. */
export interface Request {
  readonly method: string;
  /** As sent: path and query string, still encoded. */
  readonly target: string;
  header(name: string): string | undefined;
  readonly body: Body;
}

export type Body =
  | { readonly kind: 'none' | 'invalid' | 'too-large' }
  | { readonly kind: 'json'; readonly value: unknown };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a call has come to, before it is put into the service's form. */
export interface Outcome {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead; its type is among the headers. */
  readonly text?: string;
}

export function rendered(outcome: Outcome, requestId: string): Answer {
  const json = outcome.body === undefined ? '' : JSON.stringify(outcome.body);
  return {
    status: outcome.status ?? 200,
    headers: {
      ...(json === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      vary: 'Origin',
      'x-ms-request-id': requestId,
      ...outcome.headers,
    },
    body: outcome.text ?? json,
  };
}

/** A refusal as the service words it; also for disturbances. */
export function refusalAnswer(status: number, code: string, text: string, requestId: string, now: number): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      vary: 'Origin',
      'x-ms-request-id': requestId,
      'iothub-errorcode': code,
      // Recorded with every 429: the service closes the connection, and names no time to wait in a header.
      ...(status === 429 ? { connection: 'close' } : {}),
    },
    body: errorBody(code, text, requestId, now),
  };
}

/** Throws `Refused` where there is none. */
export function jsonIn(body: Body): unknown {
  if (body.kind === 'json') return body.value;
  if (body.kind === 'too-large') throw new Refused('MessageTooLarge', 'The body is too large.');
  if (body.kind === 'none') throw new Refused('ArgumentNull', 'The body is missing.');
  throw new Refused('ArgumentInvalid', 'The body is not JSON.');
}

/** Throws `Refused` where it is no object. */
export function objectIn(body: Body): JsonObject {
  const value = jsonIn(body);
  if (!isJsonObject(value)) throw new Refused('ArgumentInvalid', 'The body must be an object.');
  return value;
}
