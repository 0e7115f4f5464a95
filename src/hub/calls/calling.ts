import type { Fault } from '../../model/fault.ts';
import type { HubHost } from '../../model/fleet.ts';
import type { HubCredential } from '../credential.ts';
import type { Right } from '../needs.ts';
import { refusal } from './refusal.ts';
import type { NotAnswered, Reply } from './reply.ts';
import { retried } from './retry.ts';
import type { HubCalls } from './sdk.ts';
import { unreachable } from './unreachable.ts';

/** What calls of one hub need. */
export interface CallingParts {
  readonly host: HubHost;
  readonly credential: HubCredential;
  /** Host and port alone: a proxy's URL may hold a password. */
  readonly proxy: string | undefined;
  readonly calls: HubCalls;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly tell: (text: string) => void;
}

/** The calls of one hub, and what is known of it by their answers: of one that has answered, a refusal means something else. */
export class Calling {
  readonly host: HubHost;
  readonly calls: HubCalls;
  readonly tell: (text: string) => void;
  readonly #parts: CallingParts;
  #known = false;

  constructor(parts: CallingParts) {
    this.host = parts.host;
    this.calls = parts.calls;
    this.tell = parts.tell;
    this.#parts = parts;
  }

  /** Whether the hub has taken our key or token for any call. */
  get known(): boolean {
    return this.#known;
  }

  /** A call that only reads, repeated while it meets what passes. */
  async reading(call: () => Promise<Reply>): Promise<Reply> {
    return this.noted(await retried(call, this.#parts, () => this.#known));
  }

  noted(reply: Reply): Reply {
    this.#known ||= reply.kind === 'answered' || (reply.kind === 'refused' && [400, 404].includes(reply.status));
    return reply;
  }

  /** Throws the `Fault` of what is no answer. */
  async body(reply: Reply, right: Right): Promise<unknown> {
    if (reply.kind !== 'answered') throw await this.fault(reply, right);
    return reply.body;
  }

  async fault(reply: NotAnswered, right: Right): Promise<Fault> {
    const { credential, host, proxy, calls } = this.#parts;
    if (reply.kind === 'unanswered') return unreachable(reply.failure, host, proxy);
    // The hub says no more than 401, to a wrong key and to a policy that lacks a right. Another call tells them apart.
    if (reply.status === 401 && right === 'Service Connect' && !this.#known) {
      this.noted(await calls.statistics());
    }
    return refusal(reply, { credential, right, known: this.#known });
  }
}
