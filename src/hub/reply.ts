import { scrubbed } from '../model/secrets.ts';
import { HttpFailure, type HttpResponse } from './http.ts';
import { isRecord } from './wire.ts';

/** What became of one call. */
export type Reply =
  | { readonly kind: 'answered'; readonly body: unknown; readonly continuation?: string }
  | { readonly kind: 'refused'; readonly status: number; readonly body: unknown; readonly error: HubError }
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
  };
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
