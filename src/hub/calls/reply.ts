import { type Rest, throttledRest } from '../../model/backoff.ts';
import { scrubbed } from '../../model/secrets.ts';
import { HttpFailure, type HttpResponse, httpFailure } from './http.ts';
import { isRecord, plainText } from './wire.ts';

/** The outcome of one call. */
export type Reply =
  | { readonly kind: 'answered'; readonly body: unknown; readonly continuation?: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly body: unknown;
      readonly error: HubError;
      /** After a 429: how long the hub asks to wait. */
      readonly rest: Rest;
    }
  | { readonly kind: 'unanswered'; readonly failure: HttpFailure };

export type Refused = Extract<Reply, { kind: 'refused' }>;
export type NotAnswered = Exclude<Reply, { kind: 'answered' }>;

/**
 * The service's reason for a call that it did not carry out: `DeviceNotFound` and a sentence. Empty if it gave no
 * reason.
 */
interface HubError {
  readonly code: string;
  readonly message: string;
}

/** `412, PreconditionFailed, Device version did not match`. */
export function described({ status, error }: Refused): string {
  return [`${status}`, error.code, error.message].filter((part) => part !== '').join(', ');
}

/** The reply to a call that the service refused, or that met an error of the service. */
export function refusedReply(response: HttpResponse): Reply {
  const body = parsed(response.text);
  const said = errorIn(body);
  const header = response.headers['iothub-errorcode'];
  const code = typeof header === 'string' && header !== '' ? header : said.code;
  return {
    kind: 'refused',
    status: response.statusCode,
    body,
    error: { code: quotable(code), message: quotable(said.message) },
    rest: restOf(response.headers['retry-after'], said.message),
  };
}

/** In seconds. No answer can make a run wait longer. */
const longestRest = 600;

/** Reads Retry-After, in seconds or as a date, and the text of the answer: "Wait 10 seconds and try again". */
function restOf(retryAfter: string | undefined, message: string): Rest {
  const header = retryAfter ?? '';
  const until = (Date.parse(header) - Date.now()) / 1000;
  const seconds = /^\d+$/.test(header) ? Number(header) : Number.isNaN(until) ? 0 : Math.max(0, until);
  const told = Number(/\bwait (\d{1,6}) seconds?\b/i.exec(message)?.[1] ?? throttledRest.upTo / 1000);
  return { least: 1000 * Math.min(seconds, longestRest), upTo: 1000 * Math.min(told, longestRest) };
}

/** The reply to a call without a complete answer. `thrown` is what the call threw. */
export function unansweredReply(thrown: unknown): Reply {
  if (thrown instanceof HttpFailure) return { kind: 'unanswered', failure: thrown };
  return { kind: 'unanswered', failure: httpFailure.malformed(thrown) };
}

/**
 * Text of an answer, for use in a message. Hubs and proxies may echo what they were sent, so credentials are removed.
 */
export function quotable(text: string): string {
  return scrubbed(text).replace(/\s+/g, ' ').slice(0, 400);
}

/**
 * The service has two envelopes: `{"Message":"ErrorCode:X;text"}` and `{"errorCode":404001,"message":"text"}`. The
 * second also occurs as a string within the first.
 */
function errorIn(body: unknown): HubError {
  if (!isRecord(body)) return { code: '', message: '' };
  const { Message: first, errorCode, message } = body;
  if (typeof message === 'string') return { code: plainText(errorCode), message };
  if (typeof first !== 'string') return { code: '', message: '' };
  const nested = parsed(first);
  if (isRecord(nested)) return errorIn(nested);
  const [, code, text] = /^ErrorCode:([^;]*);?(.*)$/s.exec(first) ?? [];
  return { code: code ?? '', message: text ?? first };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // An error page of a proxy or gateway. Its status says enough.
  }
}
