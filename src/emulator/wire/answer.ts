import type { X509Certificate } from 'node:crypto';
import { errorBody, Refused } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** A request whose body has been read. */
export interface Request {
  readonly method: string;
  /** Path and query string as sent, still encoded. */
  readonly target: string;
  header(name: string): string | undefined;
  readonly body: Body;
  /** The certificate that the client has shown when it connected. */
  certificate?(): X509Certificate | undefined;
}

export type Body =
  | { readonly kind: 'none' | 'invalid' | 'too-large' }
  | { readonly kind: 'json'; readonly value: unknown };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The result of a call, before it gets the service's form. */
export interface Outcome {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value that is sent as JSON. */
  readonly body?: unknown;
  /** A text that is sent as it is, in place of `body`. Its type is among the headers. */
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

/** A refusal in the service's form. Disturbances use it too, and may choose the status. */
export function refusalAnswer(refused: Refused, requestId: string, now: number, status = refused.status): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      vary: 'Origin',
      'x-ms-request-id': requestId,
      'iothub-errorcode': refused.code,
      // Recorded with every 429: the service closes the connection, and no header says how long to wait.
      ...(status === 429 ? { connection: 'close' } : {}),
    },
    body: errorBody(refused, requestId, now),
  };
}

/** The JSON of a body. Throws `Refused` if there is none. */
export function jsonIn(body: Body): unknown {
  if (body.kind === 'json') return body.value;
  if (body.kind === 'too-large') throw new Refused('MessageTooLarge', 'The body is too large.');
  if (body.kind === 'none') throw new Refused('ArgumentNull', 'The body is missing.');
  throw new Refused('ArgumentInvalid', 'The body is not JSON.');
}

/** The object in a body. Throws `Refused` if it is not an object. */
export function objectIn(body: Body): JsonObject {
  const value = jsonIn(body);
  if (!isJsonObject(value)) throw new Refused('ArgumentInvalid', 'The body must be an object.');
  return value;
}
