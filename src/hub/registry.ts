import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../model/fault.ts';
import type { DeviceId, HubHost, JsonObject } from '../model/fleet.ts';
import { hubOf } from '../model/hub-name.ts';
import {
  type Importer,
  idOf,
  type Registry,
  type RegistryWrite,
  type TagsRead,
  type WriteAnswer,
} from '../model/registry.ts';
import { bulkAnswers } from './bulk.ts';
import { Calling, type CallingParts } from './calls/calling.ts';
import { openHttp, type Timer } from './calls/http.ts';
import { isRoleMissing } from './calls/refusal.ts';
import { described, type NotAnswered } from './calls/reply.ts';
import { openSdk } from './calls/sdk.ts';
import { bulkEntry } from './calls/wire.ts';
import type { HubCredential } from './credential.ts';
import { FleetReader } from './fleet-reader.ts';
import type { ImportContainer } from './import/import-container.ts';
import { tagsAnswer } from './twin-answer.ts';

export interface RegistryOptions {
  /** One header for every call: name, version and run. */
  readonly userAgent: string;
  /** Certificates to trust in addition to the usual ones, PEM. */
  readonly ca?: string | undefined;
  /**
   * Gives the proxy for a URL, or an empty text: `getProxyForUrl` of proxy-from-env, which reads HTTPS_PROXY and
   * NO_PROXY.
   */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** Limits one attempt. It is long because hubs queue calls before they refuse them. Default: 60,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Measures that time. Default: the machine's clock. */
  readonly attemptTimer?: Timer | undefined;
  /** Milliseconds since 1970, for the expiry of tokens. */
  readonly clock?: (() => number) | undefined;
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
  /** Gets a sentence about what the caller may not do, if the run goes on without it. */
  readonly tell?: ((text: string) => void) | undefined;
  /** Gets a sentence about what the run waits for. */
  readonly waiting?: ((text: string) => void) | undefined;
  /** Gets the signature of each token of a shared access policy before it is used, so that no log shows it. */
  readonly mask?: ((secret: string) => void) | undefined;
  /** The container for import jobs. */
  readonly importContainer?: ImportContainer | undefined;
}

/**
 * Opens the registry of a hub. Makes no call. Throws a usage `Fault` for a CA or a proxy that cannot be used, and for a
 * container that the run cannot sign in to.
 */
export async function openRegistry(credential: HubCredential, options: RegistryOptions): Promise<Registry> {
  const { host } = credential;
  const proxy = options.proxyFor?.(`https://${host}/`) ?? '';
  const http = await openHttp({
    host,
    ca: options.ca,
    proxy,
    timeoutMs: options.attemptTimeoutMs ?? 60_000,
    timer: options.attemptTimer,
  });
  const { userAgent, clock = Date.now, mask = () => {} } = options;
  const calls = await openSdk(credential, http, { userAgent, clock, mask });
  const parts: Parts = {
    host,
    credential,
    proxy: proxy === '' ? undefined : new URL(proxy).host,
    calls,
    close: http.close,
    sleep: options.sleep ?? (async (milliseconds) => delay(milliseconds)),
    random: options.random ?? Math.random,
    tell: options.tell ?? (() => {}),
    waiting: options.waiting ?? (() => {}),
  };
  return new HubRegistry(parts, await importerOf(parts, options));
}

async function importerOf(parts: Parts, options: RegistryOptions): Promise<Importer | undefined> {
  const { importContainer: container, ca, proxyFor } = options;
  const { waiting } = parts;
  if (container === undefined) return undefined;
  const { openImporter, storageTokenFor } = await import('./import/import-job.ts');
  const token = storageTokenFor(container, parts.credential);
  return openImporter({ ...parts, container, storage: { token, ca, proxyFor, waiting } });
}

interface Parts extends CallingParts {
  readonly close: () => void;
}

class HubRegistry implements Registry {
  readonly host: HubHost;
  readonly close: () => void;
  readonly importer?: Importer;
  readonly requireTagWriting?: (id: DeviceId) => Promise<void>;
  readonly #calling: Calling;
  readonly #reader: FleetReader;

  constructor(parts: Parts, importer: Importer | undefined) {
    if (importer !== undefined) this.importer = importer;
    this.host = hubOf(parts.host);
    this.close = parts.close;
    this.#calling = new Calling(parts);
    this.#reader = new FleetReader(this.#calling);
    // A policy that may read twins may also write them. Entra has two rights for that.
    if (parts.credential.kind === 'entra') this.requireTagWriting = (id) => this.#tryTags(id);
  }

  read(ids: readonly DeviceId[], { tags = 'none' }: { readonly tags?: TagsRead } = {}) {
    return this.#reader.read(ids, tags);
  }

  readOne(id: DeviceId) {
    return this.#reader.readOne(id);
  }

  readTwin(id: DeviceId) {
    return this.#reader.readTwin(id);
  }

  readWithTwin(id: DeviceId) {
    return this.#reader.readWithTwin(id);
  }

  readEdgeDevices() {
    return this.#reader.readEdgeDevices();
  }

  async patchTags(id: DeviceId, tags: JsonObject, etag: string): Promise<WriteAnswer> {
    const reply = this.#calling.noted(await this.#calling.calls.patchTwin(id, { tags }, etag));
    const answer = tagsAnswer(id, reply, this.#calling.known);
    if ('kind' in answer) throw await this.#calling.fault(answer, 'Twin Write');
    return answer;
  }

  /** Tries a write that changes nothing: no twin has this etag, and the patch is empty. */
  async #tryTags(id: DeviceId): Promise<void> {
    const reply = this.#calling.noted(await this.#calling.calls.patchTwin(id, { tags: {} }, 'AAAAAAAAAAA='));
    if (reply.kind === 'refused' && [401, 403].includes(reply.status))
      throw await this.#calling.fault(reply, 'Twin Write');
  }

  async write(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    // The SDK has one call for each of these.
    const [first, ...others] = (['create', 'update', 'delete'] as const)
      .map((call) => writes.filter((write) => callOf(write) === call))
      .filter((ofCall) => ofCall.length > 0);
    if (first === undefined) return [];
    const answers = [...(await this.#bulk(first))];
    for (const ofCall of others) answers.push(...(await this.#bulkAfter(ofCall)));
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return writes.flatMap((write) => byId.get(idOf(write)) ?? []);
  }

  async #bulk(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    const { calls } = this.#calling;
    const [first] = writes;
    if (first === undefined) return [];
    const reply = this.#calling.noted(await calls[callOf(first)](writes.map(bulkEntry)));
    const answers = bulkAnswers(writes, reply, this.#calling.known);
    if (!('kind' in answers)) return this.#refusedMarks(writes, answers);
    if (lacksRight(answers) && writes.some(bearsMark)) return unmarked(await this.#bulk(writes.map(withoutMark)));
    if (answers.kind === 'unanswered' || answers.status !== 400)
      throw await this.#calling.fault(answers, 'Registry Write');
    // The service refuses the whole call if it cannot read one entry. Halve the call until that entry is alone.
    if (writes.length > 1) {
      const half = Math.ceil(writes.length / 2);
      return [...(await this.#bulk(writes.slice(0, half))), ...(await this.#bulkAfter(writes.slice(half)))];
    }
    return refusedAll(writes, described(answers));
  }

  /** Sends new devices once more without the mark of their owner, if the hub refused them for a missing right. */
  async #refusedMarks(
    writes: readonly RegistryWrite[],
    answers: readonly WriteAnswer[],
  ): Promise<readonly WriteAnswer[]> {
    const refused = writes.filter((write, index) => {
      const answer = answers[index];
      return bearsMark(write) && answer?.answer === 'refused' && answer.code === 'unauthorized';
    });
    if (refused.length === 0) return answers;
    const again = unmarked(await this.#bulkAfter(refused.map(withoutMark)));
    const byId = new Map(again.map((answer) => [answer.id, answer]));
    return answers.map((answer) => byId.get(answer.id) ?? answer);
  }

  /** Sends a later part of a write. Does not throw, so that the answers of the first part are kept. */
  async #bulkAfter(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    try {
      return await this.#bulk(writes);
    } catch (thrown) {
      return refusedAll(writes, messageOf(thrown));
    }
  }
}

/** A device is disabled by an update. */
function callOf({ mode }: RegistryWrite): 'create' | 'update' | 'delete' {
  return mode === 'disable' ? 'update' : mode;
}

function unmarked(answers: readonly WriteAnswer[]): readonly WriteAnswer[] {
  return answers.map((answer) => (answer.answer === 'applied' ? { ...answer, unmarked: true } : answer));
}

function bearsMark(write: RegistryWrite): boolean {
  return write.mode === 'create' && write.registration.owner !== undefined;
}

function withoutMark(write: RegistryWrite): RegistryWrite {
  if (write.mode !== 'create') return write;
  const { owner: _, ...registration } = write.registration;
  return { ...write, registration };
}

function lacksRight(reply: NotAnswered): boolean {
  return reply.kind === 'refused' && (reply.status === 401 || (reply.status === 403 && isRoleMissing(reply)));
}

function refusedAll(writes: readonly RegistryWrite[], message: string): readonly WriteAnswer[] {
  return writes.map((write) => ({ id: idOf(write), answer: 'refused', code: 'other', message }));
}
