import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, messageOf } from '../model/fault.ts';
import type { DeviceId, HubHost, JsonObject } from '../model/fleet.ts';
import { inFlight } from '../model/in-flight.ts';
import {
  type Importer,
  idOf,
  type RegisteredDevice,
  type Registry,
  type RegistryWrite,
  type TagsRead,
  type Twin,
  type WriteAnswer,
} from '../model/registration.ts';
import { tagMark } from '../model/tags.ts';
import { bulkAnswers } from './bulk.ts';
import type { HubCredential } from './credential.ts';
import { openHttp, type Timer } from './http.ts';
import type { ImportContainer } from './import-container.ts';
import type { Right } from './needs.ts';
import { allPages } from './pages.ts';
import { chooseReading, chunkQuery, edgeQuery, fewDevices, markedQuery, planReading, scanQuery } from './reading.ts';
import { misunderstood, refusal } from './refusal.ts';
import { described, type NotAnswered, type Reply } from './reply.ts';
import { retried } from './retry.ts';
import { type HubCalls, openSdk } from './sdk.ts';
import { tagsAnswer } from './twin-answer.ts';
import { unreachable } from './unreachable.ts';
import { bulkEntry, deviceCount, isRecord, registeredDevice, registeredTwin } from './wire.ts';

export interface RegistryOptions {
  /** One header for every call: name, version and run. */
  readonly userAgent: string;
  /** Certificates to trust beside the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** The proxy for a URL, or an empty text: `getProxyForUrl` of proxy-from-env, which reads HTTPS_PROXY and NO_PROXY. */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** For one attempt as a whole. Hubs queue before they refuse, so it is long: 60,000 by default. */
  readonly attemptTimeoutMs?: number | undefined;
  /** By what that time passes; the machine's clock unless it is given. */
  readonly attemptTimer?: Timer | undefined;
  /** Milliseconds since 1970, for the expiry of tokens. */
  readonly clock?: (() => number) | undefined;
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
  /** Told in a sentence what the caller may not do, where the run goes on without. */
  readonly tell?: ((text: string) => void) | undefined;
  /** Through which import jobs go. */
  readonly importContainer?: ImportContainer | undefined;
}

/** Opens the registry of a hub. Makes no call yet; throws a usage `Fault` for a CA or a proxy that is none, and for a container that nothing signs in to. */
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
  const calls = await openSdk(credential, http, { userAgent: options.userAgent, clock: options.clock ?? Date.now });
  const parts: Parts = {
    host,
    credential,
    proxy: proxy === '' ? undefined : new URL(proxy).host,
    calls,
    close: http.close,
    sleep: options.sleep ?? (async (milliseconds) => delay(milliseconds)),
    random: options.random ?? Math.random,
    tell: options.tell ?? (() => {}),
  };
  return new HubRegistry(parts, await importerOf(parts, options));
}

async function importerOf(parts: Parts, options: RegistryOptions): Promise<Importer | undefined> {
  const { importContainer: container, ca, proxyFor } = options;
  if (container === undefined) return undefined;
  const { openImporter, storageTokenFor } = await import('./import-job.ts');
  const token = storageTokenFor(container, parts.credential);
  return openImporter({ ...parts, container, storage: { token, ca, proxyFor } });
}

interface Parts {
  readonly host: HubHost;
  readonly credential: HubCredential;
  /** Host and port alone: a proxy's URL may hold a password. */
  readonly proxy: string | undefined;
  readonly calls: HubCalls;
  readonly close: () => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly tell: (text: string) => void;
}

const readsInFlight = 4;

class HubRegistry implements Registry {
  readonly host: HubHost;
  readonly close: () => void;
  readonly importer?: Importer;
  readonly requireTagWriting?: (id: DeviceId) => Promise<void>;
  readonly #parts: Parts;
  /** Whether the hub has taken our key or token for any call. */
  #known = false;

  constructor(parts: Parts, importer: Importer | undefined) {
    if (importer !== undefined) this.importer = importer;
    this.host = parts.host;
    this.close = parts.close;
    this.#parts = parts;
    // A policy that reads twins writes them; in Entra they are two rights.
    if (parts.credential.kind === 'entra') this.requireTagWriting = (id) => this.#tryTags(id);
  }

  async read(
    ids: readonly DeviceId[],
    { tags = 'none' }: { readonly tags?: TagsRead } = {},
  ): Promise<ReadonlyMap<DeviceId, RegisteredDevice>> {
    const wanted = new Set(ids);
    const found = (await this.#readFleet([...wanted], tags)).filter(({ id }) => wanted.has(id));
    return new Map(found.map((device) => [device.id, device]));
  }

  async readOne(id: DeviceId): Promise<RegisteredDevice | undefined> {
    const reply = await this.#reading(() => this.#parts.calls.device(id));
    if (isAbsent(reply)) return undefined;
    const device = this.#device(await this.#body(reply, 'Registry Read'), 'a device');
    // Taken for the device that was asked for, or left out, it would end in a write on false grounds.
    if (device.id !== id) throw misunderstood(this.host, `the device ${id}`);
    return device;
  }

  async readTwin(id: DeviceId): Promise<Twin | undefined> {
    const reply = await this.#reading(() => this.#parts.calls.twin(id));
    if (isAbsent(reply)) return undefined;
    const body = await this.#body(reply, 'Service Connect');
    const twin = registeredTwin(body);
    if (twin === undefined || !isRecord(body) || body.deviceId !== id)
      throw misunderstood(this.host, `the twin of ${id}`);
    return twin;
  }

  async patchTags(id: DeviceId, tags: JsonObject, etag: string): Promise<WriteAnswer> {
    const answer = tagsAnswer(id, this.#noted(await this.#parts.calls.patchTwin(id, { tags }, etag)), this.#known);
    if ('kind' in answer) throw await this.#fault(answer, 'Twin Write');
    return answer;
  }

  /** No twin has this etag, and were there one, nothing would be merged into it. */
  async #tryTags(id: DeviceId): Promise<void> {
    const reply = this.#noted(await this.#parts.calls.patchTwin(id, { tags: {} }, 'AAAAAAAAAAA='));
    if (reply.kind === 'refused' && [401, 403].includes(reply.status)) throw await this.#fault(reply, 'Twin Write');
  }

  async readEdgeDevices(): Promise<readonly RegisteredDevice[]> {
    return (await this.#query(edgeQuery)).filter(({ edge }) => edge);
  }

  async write(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    // The SDK has a call for each of the three.
    const [first, ...others] = (['create', 'update', 'delete'] as const)
      .map((call) => writes.filter((write) => callOf(write) === call))
      .filter((ofCall) => ofCall.length > 0);
    if (first === undefined) return [];
    const answers = [...(await this.#bulk(first))];
    for (const ofCall of others) answers.push(...(await this.#bulkAfter(ofCall)));
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return writes.flatMap((write) => byId.get(idOf(write)) ?? []);
  }

  async #readFleet(ids: readonly DeviceId[], tags: TagsRead): Promise<readonly RegisteredDevice[]> {
    if (ids.length <= fewDevices) return this.#readSingly(ids, tags);
    const plan = planReading(ids);
    const reading = chooseReading(ids.length, plan, await this.#size());
    if (reading === 'scan') return this.#query(scanQuery, tags);
    const rows = await inFlight(plan.chunks, readsInFlight, (chunk) => this.#query(chunkQuery(chunk), tags));
    return [...rows.flat(), ...(await this.#readSingly(plan.single, tags))];
  }

  async #readSingly(ids: readonly DeviceId[], tags: TagsRead): Promise<readonly RegisteredDevice[]> {
    const read = await inFlight(ids, readsInFlight, async (id) => {
      const device = await this.readOne(id);
      if (device === undefined || tags !== 'all') return device;
      // The identity has no tags. Gone in between, the device is not there.
      const twin = await this.readTwin(id);
      return twin === undefined ? undefined : { ...device, twin };
    });
    const found = read.filter((device) => device !== undefined);
    return tags === 'marked' && found.length > 0 ? this.#withMarked(found) : found;
  }

  /** Adds the twins that bear our mark, by one query. Who reads devices one by one may lack the right to query. */
  async #withMarked(devices: readonly RegisteredDevice[]): Promise<readonly RegisteredDevice[]> {
    let refused: Reply | undefined;
    const rows = await this.#query(markedQuery(devices.map(({ id }) => id)), 'marked', (reply) => {
      refused = reply;
    });
    if (refused !== undefined)
      this.#parts.tell(`${this.host}: no right to query, so tags that the manifest no longer names stay`);
    const twins = new Map(rows.map(({ id, twin }) => [id, twin]));
    return devices.map((device) => {
      const twin = twins.get(device.id);
      return twin === undefined ? device : { ...device, twin };
    });
  }

  async #size(): Promise<number> {
    const reply = await this.#reading(() => this.#parts.calls.statistics());
    const count = deviceCount(await this.#body(reply, 'Registry Read'));
    if (count === undefined) throw misunderstood(this.host, 'the number of its devices');
    return count;
  }

  /** All pages of a query, one after the other. With `refused` none where the caller lacks the right. */
  async #query(
    text: string,
    tags: TagsRead = 'none',
    refused?: (reply: Reply) => void,
  ): Promise<readonly RegisteredDevice[]> {
    const devices = await allPages(async (continuation) => {
      const reply = await this.#reading(() => this.#parts.calls.query(text, continuation));
      if (refused !== undefined && isUnauthorized(reply)) {
        refused(reply);
        return { rows: [], continuation: undefined };
      }
      const rows = await this.#body(reply, 'Service Connect');
      if (!Array.isArray(rows)) throw misunderstood(this.host, 'a page of devices');
      return {
        rows: rows.map((row) => this.#row(row, tags)),
        continuation: reply.kind === 'answered' ? reply.continuation : undefined,
      };
    });
    if (devices === undefined) throw misunderstood(this.host, 'a list of devices that ends');
    return devices;
  }

  async #bulk(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    const { calls } = this.#parts;
    const [first] = writes;
    if (first === undefined) return [];
    const reply = this.#noted(await calls[callOf(first)](writes.map(bulkEntry)));
    const answers = bulkAnswers(writes, reply, this.#known);
    if (!('kind' in answers)) return answers;
    if (answers.kind === 'unanswered' || answers.status !== 400) throw await this.#fault(answers, 'Registry Write');
    // One entry that the service cannot even read makes it refuse them all: halve until it stands alone.
    if (writes.length > 1) {
      const half = Math.ceil(writes.length / 2);
      return [...(await this.#bulk(writes.slice(0, half))), ...(await this.#bulkAfter(writes.slice(half)))];
    }
    return refusedAll(writes, described(answers));
  }

  /** The second part of a write: the answers of the first must not be lost to a refusal of this one. */
  async #bulkAfter(writes: readonly RegistryWrite[]): Promise<readonly WriteAnswer[]> {
    try {
      return await this.#bulk(writes);
    } catch (thrown) {
      return refusedAll(writes, messageOf(thrown));
    }
  }

  async #reading(call: () => Promise<Reply>): Promise<Reply> {
    return this.#noted(await retried(call, this.#parts, () => this.#known));
  }

  #noted(reply: Reply): Reply {
    this.#known ||= reply.kind === 'answered' || (reply.kind === 'refused' && [400, 404].includes(reply.status));
    return reply;
  }

  async #body(reply: Reply, right: Right): Promise<unknown> {
    if (reply.kind !== 'answered') throw await this.#fault(reply, right);
    return reply.body;
  }

  #row(row: unknown, tags: TagsRead): RegisteredDevice {
    const device = this.#device(row, 'a page of devices');
    if (tags === 'none') return device;
    const twin = registeredTwin(row);
    if (tags === 'marked') return twin !== undefined && tagMark in twin.tags ? { ...device, twin } : device;
    if (twin === undefined) throw misunderstood(this.host, 'a page of twins');
    return { ...device, twin };
  }

  #device(value: unknown, what: string): RegisteredDevice {
    const device = registeredDevice(value);
    if (device === undefined) throw misunderstood(this.host, what);
    return device;
  }

  async #fault(reply: NotAnswered, right: Right): Promise<Fault> {
    const { credential, host, proxy, calls } = this.#parts;
    if (reply.kind === 'unanswered') return unreachable(reply.failure, host, proxy);
    // The hub says no more than 401, to a wrong key and to a policy that lacks a right. Another call tells them apart.
    if (reply.status === 401 && right === 'Service Connect' && !this.#known) {
      this.#noted(await calls.statistics());
    }
    return refusal(reply, { credential, right, known: this.#known });
  }
}

/** To disable a device is an update of it. */
function callOf({ mode }: RegistryWrite): 'create' | 'update' | 'delete' {
  return mode === 'disable' ? 'update' : mode;
}

function isAbsent(reply: Reply): boolean {
  return reply.kind === 'refused' && reply.status === 404 && /^(DeviceNotFound|404001)$/.test(reply.error.code);
}

function isUnauthorized(reply: Reply): boolean {
  return reply.kind === 'refused' && (reply.status === 401 || reply.status === 403);
}

function refusedAll(writes: readonly RegistryWrite[], message: string): readonly WriteAnswer[] {
  return writes.map((write) => ({ id: idOf(write), answer: 'refused', code: 'other', message }));
}
