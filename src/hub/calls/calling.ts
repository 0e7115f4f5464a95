import type { Fault } from '../../model/fault.ts';
import type { HubEndpoint } from '../../model/hub-name.ts';
import type { HubCredential } from '../credential.ts';
import type { Right } from '../needs.ts';
import { refusal } from './refusal.ts';
import type { NotAnswered, Reply } from './reply.ts';
import { retried, type Wait } from './retry.ts';
import type { HubCalls } from './sdk.ts';
import { unreachable } from './unreachable.ts';
import { secondsUnheard, waitingLines, waitText } from './waiting.ts';

/** What the calls of one hub need. */
export interface CallingParts {
  readonly host: HubEndpoint;
  readonly credential: HubCredential;
  /** Only host and port, since the proxy's URL may hold a password. */
  readonly proxy: string | undefined;
  readonly calls: HubCalls;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly tell: (text: string) => void;
  /** Gets a sentence about what the run waits for. */
  readonly waiting: (text: string) => void;
}

/** The calls of one hub. Keeps whether the hub has answered before, since a refusal then has another meaning. */
export class Calling {
  readonly host: HubEndpoint;
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

  /** Whether the hub has accepted our key or token for any call. */
  get known(): boolean {
    return this.#known;
  }

  /** Makes a call that only reads, and repeats it after failures that may go away. */
  async reading(call: () => Promise<Reply>): Promise<Reply> {
    const { sleep, random, host, waiting } = this.#parts;
    const told = (wait: Wait) => {
      const text = waitText(host, wait);
      if (text !== undefined) waiting(text);
    };
    return this.#kept(await retried(call, { sleep, random, waiting: told }, () => this.#known));
  }

  /** Returns the reply to a call that is made once. Keeps whether the hub accepted our key or token. */
  noted(reply: Reply): Reply {
    const { host, waiting } = this.#parts;
    const seconds = secondsUnheard(reply);
    if (seconds !== undefined) waiting(waitingLines['no-answer']({ host, seconds }));
    return this.#kept(reply);
  }

  #kept(reply: Reply): Reply {
    this.#known ||= reply.kind === 'answered' || (reply.kind === 'refused' && [400, 404].includes(reply.status));
    return reply;
  }

  /** Returns the body of an answer. Throws the `Fault` of any other reply. */
  async body(reply: Reply, right: Right): Promise<unknown> {
    if (reply.kind !== 'answered') throw await this.fault(reply, right);
    return reply.body;
  }

  async fault(reply: NotAnswered, right: Right): Promise<Fault> {
    const { credential, host, proxy, calls } = this.#parts;
    if (reply.kind === 'unanswered') return unreachable(reply.failure, host, proxy);
    // The hub answers 401 both to a wrong key and to a policy that lacks a right. A second call shows which it is.
    if (reply.status === 401 && right === 'Service Connect' && !this.#known) {
      this.noted(await calls.statistics());
    }
    return refusal(reply, { credential, right, known: this.#known });
  }
}
