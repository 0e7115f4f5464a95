import type { Fault } from '../model/fault.ts';
import type { DeviceId, JsonObject } from '../model/fleet.ts';
import type { HubEndpoint } from '../model/hub-name.ts';
import { inFlight } from '../model/in-flight.ts';
import { ownerTag } from '../model/owner.ts';
import type { RegisteredDevice, Twin } from '../model/registration.ts';
import type { DeviceWithTwin, TagsRead } from '../model/registry.ts';
import { tagMark } from '../model/tags.ts';
import type { Calling } from './calls/calling.ts';
import { callFault, type ExpectedAnswer } from './calls/faults.ts';
import type { Reply } from './calls/reply.ts';
import { deviceCount, deviceWithTwin, isRecord, registeredDevice, registeredTwin } from './calls/wire.ts';
import { allPages } from './pages.ts';
import { chooseReading, chunkQuery, edgeQuery, fewDevices, planReading, scanQuery } from './reading.ts';

const readsInFlight = 4;

interface Query {
  readonly tags?: TagsRead;
  /** Keeps only these rows of each page, since a hub may have ten times the devices of a fleet. */
  readonly keep?: (device: RegisteredDevice) => boolean;
  /** Called if the caller lacks the right to query. The query then gives no rows. */
  readonly refused?: (reply: Reply) => void;
}

/** Tells that the tags of the devices were not read, and what the run therefore does not do. */
export function tagsUnread(host: HubEndpoint): string {
  return `${host}: no right to query, so tags that the manifest no longer names stay, and no device is claimed`;
}

/**
 * Reads the devices of one hub in the cheapest way. Every method throws a `Fault` if the hub refuses or cannot be
 * reached.
 */
export class FleetReader {
  readonly #calling: Calling;
  /** The marks of owners, each once. A fleet of 100,000 devices has one owner. */
  readonly #marks = new Map<string, JsonObject>();

  constructor(calling: Calling) {
    this.#calling = calling;
  }

  async read(ids: readonly DeviceId[], tags: TagsRead): Promise<ReadonlyMap<DeviceId, RegisteredDevice>> {
    const wanted = new Set(ids);
    const found = await this.#readFleet(wanted, tags);
    return new Map(found.map((device) => [device.id, device]));
  }

  async readOne(id: DeviceId): Promise<RegisteredDevice | undefined> {
    const reply = await this.#calling.reading(() => this.#calling.calls.device(id));
    if (isAbsent(reply)) return undefined;
    const device = this.#device(await this.#calling.body(reply, 'Registry Read'), 'device');
    // Another device must not be taken for this one, nor this one for absent: either would lead to a wrong write.
    if (device.id !== id) throw this.#misunderstood({ device: id });
    return device;
  }

  async readTwin(id: DeviceId): Promise<Twin | undefined> {
    const reply = await this.#calling.reading(() => this.#calling.calls.twin(id));
    if (isAbsent(reply)) return undefined;
    const body = await this.#calling.body(reply, 'Service Connect');
    const twin = registeredTwin(body);
    if (twin === undefined || !isRecord(body) || body.deviceId !== id) throw this.#misunderstood({ twin: id });
    return twin;
  }

  async readWithTwin(id: DeviceId): Promise<DeviceWithTwin | undefined> {
    const reply = await this.#calling.reading(() => this.#calling.calls.twin(id));
    if (isAbsent(reply)) return undefined;
    const device = deviceWithTwin(await this.#calling.body(reply, 'Service Connect'));
    if (device?.id !== id) throw this.#misunderstood({ twin: id });
    return device;
  }

  async readEdgeDevices(): Promise<readonly RegisteredDevice[]> {
    return this.#query(edgeQuery, { tags: 'marked', keep: ({ edge }) => edge });
  }

  async #readFleet(wanted: ReadonlySet<DeviceId>, tags: TagsRead): Promise<readonly RegisteredDevice[]> {
    const ids = [...wanted];
    if (ids.length <= fewDevices) return this.#readSingly(ids, tags);
    const plan = planReading(ids);
    const query = { tags, keep: ({ id }: RegisteredDevice) => wanted.has(id) };
    if (chooseReading(ids.length, plan, await this.#size()) === 'scan') return this.#query(scanQuery, query);
    const rows = await inFlight(plan.chunks, readsInFlight, (chunk) => this.#query(chunkQuery(chunk), query));
    return [...rows.flat(), ...(await this.#readSingly(plan.single, tags))];
  }

  async #readSingly(ids: readonly DeviceId[], tags: TagsRead): Promise<readonly RegisteredDevice[]> {
    const read = await inFlight(ids, readsInFlight, async (id) => {
      const device = await this.readOne(id);
      if (device === undefined || tags !== 'all') return device;
      // The identity has no tags. A device that was deleted between the two calls is absent.
      const twin = await this.readTwin(id);
      return twin === undefined ? undefined : { ...device, twin };
    });
    const found = read.filter((device) => device !== undefined);
    return tags === 'marked' && found.length > 0 ? this.#withMarked(found) : found;
  }

  /**
   * Adds the twins of a few devices, by one query. A twin that the query does not show, because its device is new, is read by
   * itself: otherwise a device of somebody else would look like one without a mark. A caller that reads devices one by one may lack
   * the right to query; the twins are then left out.
   */
  async #withMarked(devices: readonly RegisteredDevice[]): Promise<readonly RegisteredDevice[]> {
    const { host, tell } = this.#calling;
    let mayQuery = true;
    const refused = () => {
      mayQuery = false;
      tell(tagsUnread(host));
    };
    const { chunks } = planReading(devices.map(({ id }) => id));
    const rows = await inFlight(chunks, readsInFlight, (chunk) =>
      this.#query(chunkQuery(chunk), { tags: 'marked', refused }),
    );
    if (!mayQuery) return devices;
    const twins = new Map(rows.flat().map(({ id, twin }) => [id, twin]));
    const read = await inFlight(devices, readsInFlight, async (device) => {
      const shown = twins.get(device.id) ?? (await this.readTwin(device.id));
      return shown === undefined ? undefined : { ...device, twin: this.#ownTags(shown) };
    });
    return read.filter((device) => device !== undefined);
  }

  /** Leaves out the tags that are not ours: a hub may have 8 KB of them for each device. */
  #ownTags({ etag, tags }: Twin): Twin {
    if (Object.hasOwn(tags, tagMark)) return { etag, tags };
    const mark = Object.hasOwn(tags, ownerTag) ? tags[ownerTag] : undefined;
    const text = JSON.stringify(mark) ?? '';
    const known = this.#marks.get(text);
    if (known !== undefined) return { etag, tags: known };
    const own = mark === undefined ? {} : { [ownerTag]: mark };
    this.#marks.set(text, own);
    return { etag, tags: own };
  }

  async #size(): Promise<number> {
    const reply = await this.#calling.reading(() => this.#calling.calls.statistics());
    const count = deviceCount(await this.#calling.body(reply, 'Registry Read'));
    if (count === undefined) throw this.#misunderstood('number-of-devices');
    return count;
  }

  /** Returns the rows of all pages. Asks for one page after the other. */
  async #query(text: string, { tags = 'none', keep, refused }: Query): Promise<readonly RegisteredDevice[]> {
    const { calls } = this.#calling;
    const devices = await allPages(async (continuation) => {
      const reply = await this.#calling.reading(() => calls.query(text, continuation));
      if (refused !== undefined && isUnauthorized(reply)) {
        refused(reply);
        return { rows: [], continuation: undefined };
      }
      const body = await this.#calling.body(reply, 'Service Connect');
      if (!Array.isArray(body)) throw this.#misunderstood('page-of-devices');
      const rows = body.map((row) => this.#row(row, tags));
      return {
        rows: keep === undefined ? rows : rows.filter(keep),
        continuation: reply.kind === 'answered' ? reply.continuation : undefined,
      };
    });
    if (devices === undefined) throw this.#misunderstood('list-that-ends');
    return devices;
  }

  #row(row: unknown, tags: TagsRead): RegisteredDevice {
    const device = this.#device(row, 'page-of-devices');
    if (tags === 'none') return device;
    const twin = registeredTwin(row);
    if (twin === undefined) throw this.#misunderstood('page-of-twins');
    return { ...device, twin: tags === 'marked' ? this.#ownTags(twin) : twin };
  }

  #device(value: unknown, expected: ExpectedAnswer): RegisteredDevice {
    const device = registeredDevice(value);
    if (device === undefined) throw this.#misunderstood(expected);
    return device;
  }

  #misunderstood(expected: ExpectedAnswer): Fault {
    return callFault('misunderstood', { host: this.#calling.host, expected });
  }
}

function isAbsent(reply: Reply): boolean {
  return reply.kind === 'refused' && reply.status === 404 && /^(DeviceNotFound|404001)$/.test(reply.error.code);
}

function isUnauthorized(reply: Reply): boolean {
  return reply.kind === 'refused' && (reply.status === 401 || reply.status === 403);
}
