import type { DeviceId } from '../model/fleet.ts';
import { inFlight } from '../model/in-flight.ts';
import type { RegisteredDevice, Twin } from '../model/registration.ts';
import type { TagsRead } from '../model/registry.ts';
import { tagMark } from '../model/tags.ts';
import type { Calling } from './calls/calling.ts';
import { misunderstood } from './calls/refusal.ts';
import type { Reply } from './calls/reply.ts';
import { deviceCount, isRecord, registeredDevice, registeredTwin } from './calls/wire.ts';
import { allPages } from './pages.ts';
import { chooseReading, chunkQuery, edgeQuery, fewDevices, markedQuery, planReading, scanQuery } from './reading.ts';

const readsInFlight = 4;

interface Query {
  readonly tags?: TagsRead;
  /** Of a page only these rows are kept: a hub may have ten times the devices of a fleet. */
  readonly keep?: (device: RegisteredDevice) => boolean;
  /** Told, and nothing given, where the caller lacks the right to query. */
  readonly refused?: (reply: Reply) => void;
}

/** Reads the devices of one hub, in the cheapest way for so many. Every method throws a `Fault` where the hub refuses or is not there. */
export class FleetReader {
  readonly #calling: Calling;

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
    const device = this.#device(await this.#calling.body(reply, 'Registry Read'), 'a device');
    // Taken for the device that was asked for, or left out, it would end in a write on false grounds.
    if (device.id !== id) throw misunderstood(this.#calling.host, `the device ${id}`);
    return device;
  }

  async readTwin(id: DeviceId): Promise<Twin | undefined> {
    const reply = await this.#calling.reading(() => this.#calling.calls.twin(id));
    if (isAbsent(reply)) return undefined;
    const body = await this.#calling.body(reply, 'Service Connect');
    const twin = registeredTwin(body);
    if (twin === undefined || !isRecord(body) || body.deviceId !== id)
      throw misunderstood(this.#calling.host, `the twin of ${id}`);
    return twin;
  }

  async readEdgeDevices(): Promise<readonly RegisteredDevice[]> {
    return this.#query(edgeQuery, { keep: ({ edge }) => edge });
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
      // The identity has no tags. Gone in between, the device is not there.
      const twin = await this.readTwin(id);
      return twin === undefined ? undefined : { ...device, twin };
    });
    const found = read.filter((device) => device !== undefined);
    return tags === 'marked' && found.length > 0 ? this.#withMarked(found) : found;
  }

  /** Adds the twins that bear our mark, by one query. Who reads devices one by one may lack the right to query. */
  async #withMarked(devices: readonly RegisteredDevice[]): Promise<readonly RegisteredDevice[]> {
    const { host, tell } = this.#calling;
    const rows = await this.#query(markedQuery(devices.map(({ id }) => id)), {
      tags: 'marked',
      refused: () => tell(`${host}: no right to query, so tags that the manifest no longer names stay`),
    });
    const twins = new Map(rows.map(({ id, twin }) => [id, twin]));
    return devices.map((device) => {
      const twin = twins.get(device.id);
      return twin === undefined ? device : { ...device, twin };
    });
  }

  async #size(): Promise<number> {
    const reply = await this.#calling.reading(() => this.#calling.calls.statistics());
    const count = deviceCount(await this.#calling.body(reply, 'Registry Read'));
    if (count === undefined) throw misunderstood(this.#calling.host, 'the number of its devices');
    return count;
  }

  /** The rows of all pages, one page after the other. */
  async #query(text: string, { tags = 'none', keep, refused }: Query): Promise<readonly RegisteredDevice[]> {
    const { host, calls } = this.#calling;
    const devices = await allPages(async (continuation) => {
      const reply = await this.#calling.reading(() => calls.query(text, continuation));
      if (refused !== undefined && isUnauthorized(reply)) {
        refused(reply);
        return { rows: [], continuation: undefined };
      }
      const body = await this.#calling.body(reply, 'Service Connect');
      if (!Array.isArray(body)) throw misunderstood(host, 'a page of devices');
      const rows = body.map((row) => this.#row(row, tags));
      return {
        rows: keep === undefined ? rows : rows.filter(keep),
        continuation: reply.kind === 'answered' ? reply.continuation : undefined,
      };
    });
    if (devices === undefined) throw misunderstood(host, 'a list of devices that ends');
    return devices;
  }

  #row(row: unknown, tags: TagsRead): RegisteredDevice {
    const device = this.#device(row, 'a page of devices');
    if (tags === 'none') return device;
    const twin = registeredTwin(row);
    if (tags === 'marked') return twin !== undefined && tagMark in twin.tags ? { ...device, twin } : device;
    if (twin === undefined) throw misunderstood(this.#calling.host, 'a page of twins');
    return { ...device, twin };
  }

  #device(value: unknown, what: string): RegisteredDevice {
    const device = registeredDevice(value);
    if (device === undefined) throw misunderstood(this.#calling.host, what);
    return device;
  }
}

function isAbsent(reply: Reply): boolean {
  return reply.kind === 'refused' && reply.status === 404 && /^(DeviceNotFound|404001)$/.test(reply.error.code);
}

function isUnauthorized(reply: Reply): boolean {
  return reply.kind === 'refused' && (reply.status === 401 || reply.status === 403);
}
