import { type Rest, throttledRest } from '../../model/backoff.ts';
import { scrubbed } from '../../model/secrets.ts';
import { HttpFailure, type HttpResponse } from './http.ts';
import { isRecord } from './wire.ts';

/** What became of one call. */
export type Reply =
  | { readonly kind: 'answered'; readonly body: unknown; readonly continuation?: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly body: unknown;
      readonly error: HubError;
      /** Of a 429: how long the hub wants to be left alone. */
      readonly rest: Rest;
    }
  | { readonly kind: 'unanswered'; readonly failure: HttpFailure };

export type Refused = Extract<Reply, { kind: 'refused' }>;
export type NotAnswered = Exclude<Reply, { kind: 'answered' }>;

/** The service's word on a call it did not carry out: `DeviceNotFound` and a sentence. Empty where it gave none. */
interface HubError {
  readonly code: string;
  readonly message: string;
}

/** `412, PreconditionFailed, Device version did not match`. */
export function described({ status, error }: Refused): string {
  return [`${status}`, error.code, error.message].filter((part) => part !== '').join(', ');
}

/** A call that the service refused, or answered with an error of its own. */
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

/** Longer than that nobody is waited for, whatever an answer says. */
const longestRest = 600;

/** By Retry-After, in seconds or as a date; else by the text: "Wait 10 seconds and try again". */
function restOf(retryAfter: string | undefined, message: string): Rest {
  const header = retryAfter ?? '';
  const until = (Date.parse(header) - Date.now()) / 1000;
  const seconds = /^\d+$/.test(header) ? Number(header) : Number.isNaN(until) ? 0 : Math.max(0, until);
  const told = Number(/\bwait (\d{1,6}) seconds?\b/i.exec(message)?.[1] ?? throttledRest.upTo / 1000);
  return { least: 1000 * Math.min(seconds, longestRest), upTo: 1000 * Math.min(told, longestRest) };
}

/** A call without a whole answer, from whatever was thrown. */
export function unansweredReply(thrown: unknown): Reply {
  if (thrown instanceof HttpFailure) return { kind: 'unanswered', failure: thrown };
  return { kind: 'unanswered', failure: new HttpFailure('MALFORMED', 'the answer was not understood', thrown) };
}

/** Text of an answer, for a message. Hubs and proxies may echo what they were sent; nothing that signs in may reach a log. */
export function quotable(text: string): string {
  return scrubbed(text).replace(/\s+/g, ' ').slice(0, 400);
}

/**
 * The service has two envelopes: `{"Message":"ErrorCode:X;text"}` and `{"errorCode":404001,"message":"text"}`; the second
 * is also found as a string within the first.
 */
function errorIn(body: unknown): HubError {
  if (!isRecord(body)) return { code: '', message: '' };
  const { Message: first, errorCode, message } = body;
  if (typeof message === 'string') return { code: String(errorCode ?? ''), message };
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
    return undefined; // An error page of somebody between us and the hub: its status says enough.
  }
}
