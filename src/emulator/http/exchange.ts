import { randomUUID, type X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { messageOf } from '../../model/fault.ts';
import { type Disturb, type Disturbance, reply } from '../trouble/disturbance.ts';
import type { Pace } from '../trouble/pace.ts';
import type { Throttle } from '../trouble/throttle.ts';
import { type Answer, type Body, type Request, refusalAnswer, rendered } from '../wire/answer.ts';
import { Refused, statusOf } from '../wire/errors.ts';
import type { Service } from './call.ts';
import type { Handler } from './listener.ts';
import { open, routeName } from './routes.ts';

/** What calls go through between the wire and the registry. */
export interface Surroundings {
  /** If undefined, nothing is throttled. */
  readonly throttle: Throttle | undefined;
  readonly disturb: Disturb | undefined;
  readonly pace: Pace;
  /** Aborted when the hub closes. It ends all waiting. */
  readonly signal: AbortSignal;
  /** Writes the changes to disk. */
  readonly flush: () => void;
}

/** Handles a request: disturbs it if asked to, checks it, queues it, carries it out and counts it. */
export function exchanges(service: Service, surroundings: Surroundings): Handler {
  const { disturb, pace, signal } = surroundings;
  return async (request, { body, bytes }, response) => {
    service.counts.requests += 1;
    const method = methodOf(request);
    const target = request.url ?? '';
    const path = target.split('?')[0] ?? '';
    const disturbance = await disturb?.({ method, path, ...parsedBody(body) });
    if (disturbance !== undefined) service.metrics.fault(nameOf(disturbance));
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.[0];
    };
    const certificate = () => certificateOf(request);
    const carryOut = () => answer({ method, target, header, body, certificate }, service, surroundings);
    const options = { now: service.clock, sleep: pace.sleep, signal };
    const sent = await reply(response, disturbance, carryOut, options);
    service.metrics.exchange(routeName(method, path), sent.status, bytes, sent.bytes);
  };
}

/** Microsoft's Java SDK sends each PATCH as a POST with this header, since Java's own client knows no PATCH. */
function methodOf({ method = '', headers }: IncomingMessage): string {
  const meant = headers['x-http-method-override'];
  return method === 'POST' && typeof meant === 'string' && meant.toUpperCase() === 'PATCH' ? 'PATCH' : method;
}

function certificateOf({ socket }: IncomingMessage): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
}

function parsedBody(body: Body): { readonly body?: unknown } {
  return body.kind === 'json' ? { body: body.value } : {};
}

function nameOf(disturbance: Disturbance): string {
  switch (disturbance.kind) {
    case 'refuse':
      return String(disturbance.status ?? statusOf(disturbance.code));
    case 'answer':
      return String(disturbance.status);
    case 'close':
      return `reset-${disturbance.when}`;
    case 'truncate':
      return 'truncated';
    default:
      return disturbance.kind;
  }
}

/** Carries out one request. Whatever a client sends, it does not reject. */
export async function answer(
  request: Request,
  service: Service,
  { throttle, flush }: Pick<Surroundings, 'throttle' | 'flush'>,
): Promise<Answer> {
  const requestId = randomUUID();
  try {
    const call = open(request, service);
    const turn = call.quota === undefined ? undefined : throttle?.admit(call.quota, call.cost);
    if (turn !== undefined) await turn;
    service.evaluation.evaluate();
    const outcome = call.run();
    const answered = rendered(outcome instanceof Promise ? await outcome : outcome, requestId);
    return written(answered, flush, requestId, service.clock());
  } catch (error) {
    const refusal =
      error instanceof Refused ? error : new Refused('ServerError', `InternalServerError: ${String(error)}`);
    return refusalAnswer(refusal, requestId, service.clock());
  }
}

/** Writes the change to disk before its answer is sent. */
function written(answered: Answer, flush: () => void, requestId: string, now: number): Answer {
  try {
    flush();
    return answered;
  } catch (error) {
    const text = `The change could not be written to the directory: ${messageOf(error)}`;
    return refusalAnswer(new Refused('ServerError', text), requestId, now);
  }
}
