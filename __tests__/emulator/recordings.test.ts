import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { describeNeeding } from '../support/needing.ts';
import { call } from './clients.ts';
import { conversations, replay } from './conversation.ts';
import { key } from './devices/identities.ts';

const recordings = join(import.meta.dirname, '../../../shared/reference/iothub/recordings');

interface Entry {
  readonly RequestMethod: string;
  readonly RequestUri: string;
  readonly RequestHeaders: Record<string, string>;
  readonly RequestBody: unknown;
  readonly StatusCode: number;
  readonly ResponseHeaders: Record<string, string>;
  readonly ResponseBody: unknown;
}

/** A recording, and what it takes to replay it. */
interface Replayed {
  readonly name: string;
  /** Made before, since the recording leaves its creation out. */
  readonly seed?: readonly string[];
  readonly visibilityLagMs?: number;
  /** Configurations of all devices that were there, the strongest first. */
  readonly configurations?: readonly string[];
}

const replayed: readonly Replayed[] = [
  { name: 'device-lifecycle' },
  { name: 'bulk-create-10' },
  { name: 'device-update-etag-mismatch-412' },
  { name: 'bulk-update-delete', seed: ['bulkDeviceUpdate2058308758', 'bulkDeviceUpdate1689940095'] },
  {
    name: 'query-index-lag',
    visibilityLagMs: 4000,
    configurations: ['testconfigurations31074810987', 'testconfigurations41959745517', 'testconfigurations4625808639'],
  },
];

/** Replayed in jobs.test.ts, which has a blob service. */
const elsewhere = ['import-job'];

/** Values that every hub and every run has its own of; each becomes the name of its kind. */
const own: readonly (readonly [name: string, form: RegExp])[] = [
  ['generationId', /^\d{18}$/],
  ['etag', /^[A-Za-z0-9+/]+=*$/],
  ['deviceEtag', /^[A-Za-z0-9+/]+=*$/],
  ['statusUpdatedTime', /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
  ['$lastUpdatedByDigest', /^\d{18}$/],
  ['$lastUpdated', /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
  ['primaryKey', /^(Sanitized|[A-Za-z0-9+/]{43}=)$/],
  ['secondaryKey', /^(Sanitized|[A-Za-z0-9+/]{43}=)$/],
  ['ExceptionMessage', /^Tracking ID:[0-9a-f]{32}-G:\d+-TimeStamp:\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/],
];

/** What two answers have in common when they say the same: all names in their order, and all values but the hub's own. */
function shape(body: unknown): string {
  return JSON.stringify(body, (name, value) => {
    const kind = own.find(([owned, form]) => owned === name && typeof value === 'string' && form.test(value));
    if (kind !== undefined) return `<${name}>`;
    return name === 'Message' ? String(value).replace(/Version:\d+/g, 'Version:<n>') : value;
  });
}

describeNeeding(['../shared/reference'], 'recorded answers of the real service', () => {
  const entriesOf = (name: string): readonly Entry[] =>
    JSON.parse(readFileSync(join(recordings, `${name}.json`), 'utf8')).Entries;

  it('are all replayed, here or where there is what they need', () => {
    const known = [...replayed.map(({ name }) => name), ...elsewhere].sort();
    expect(known).toEqual(
      readdirSync(recordings)
        .map((file) => basename(file, '.json'))
        .sort(),
    );
  });

  it.each(replayed)('$name', async ({ name, seed = [], visibilityLagMs, configurations = [] }) => {
    // The hub's clock follows the recording's, so that it lags as the service did.
    let now = Date.parse(entriesOf(name)[0]!.ResponseHeaders.Date!);
    const hub = await startHub({ clock: () => now, visibilityLagMs });
    const etags = new Map<string, string>(); // As recorded → as this hub gave it.
    try {
      for (const deviceId of seed) hub.registry.put({ deviceId });
      for (const [at, id] of configurations.entries()) {
        const deviceContent = { 'properties.desired.deviceContent_key': `deviceContent_value-${id}` };
        const body = { id, content: { deviceContent }, targetCondition: '*', priority: 9 - at };
        expect((await call(hub, 'PUT', `/configurations/${id}`, { body })).status).toBe(200);
      }
      for (const entry of entriesOf(name)) {
        now = Date.parse(entry.ResponseHeaders.Date!);
        const answer = await repeated(hub, entry, etags);
        expect(answer.status).toBe(entry.StatusCode);
        expect(shape(answer.json ?? null)).toBe(shape(entry.ResponseBody));
        for (const header of ['Content-Type', 'Vary', 'iothub-errorcode', 'x-ms-item-type']) {
          expect([header, answer.headers[header.toLowerCase()]]).toEqual([header, entry.ResponseHeaders[header]]);
        }
        const recordedEtag = entry.ResponseHeaders.ETag;
        expect(answer.headers.etag !== undefined).toBe(recordedEtag !== undefined);
        if (recordedEtag !== undefined) etags.set(recordedEtag, String(answer.headers.etag));
      }
    } finally {
      await hub.close();
    }
  });
});

/** The recorded request once more, with the etags of this hub. */
function repeated(hub: EmbeddedHub, entry: Entry, etags: ReadonlyMap<string, string>) {
  const { pathname, search } = new URL(entry.RequestUri);
  const match = entry.RequestHeaders['If-Match'];
  // Keys are blotted out in the recordings; any that the service would take stand for them.
  const text =
    entry.RequestBody === null ? '' : JSON.stringify(entry.RequestBody).replaceAll('"Sanitized"', `"${key}"`);
  return call(hub, entry.RequestMethod, pathname + search, {
    text,
    headers: match === undefined ? {} : { 'if-match': etags.get(match) ?? match },
  });
}

describe('answers as the service gives them (fixtures/calls)', () => {
  // That of the recordings from which they are taken.
  const version = '2020-03-13';

  it.each(conversations())('$file', async ({ steps }) => {
    const hub = await startHub();
    try {
      await replay(steps, (method, path, headers, body) =>
        call(hub, method, path, { headers, version, ...(body === undefined ? {} : { body }) }),
      );
    } finally {
      await hub.close();
    }
  });
});
