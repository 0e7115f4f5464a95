import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { call } from './clients.ts';
import { key } from './identities.ts';

const recordings = join(import.meta.dirname, '../../../shared/reference/iothub/recordings');

interface Recording {
  readonly Entries: readonly {
    readonly RequestMethod: string;
    readonly RequestUri: string;
    readonly RequestHeaders: Record<string, string>;
    readonly RequestBody: unknown;
    readonly StatusCode: number;
    readonly ResponseHeaders: Record<string, string>;
    readonly ResponseBody: unknown;
  }[];
}

/** Values that every hub and every run has its own of; each becomes the name of its kind. */
const own: readonly (readonly [name: string, form: RegExp])[] = [
  ['generationId', /^\d{18}$/],
  ['etag', /^[A-Za-z0-9+/]+=*$/],
  ['statusUpdatedTime', /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
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

describe.skipIf(!existsSync(recordings))('recorded answers of the real service (../shared/reference)', () => {
  it.each(['device-lifecycle', 'bulk-create-10', 'device-update-etag-mismatch-412'])('%s', async (name) => {
    const recording: Recording = JSON.parse(readFileSync(join(recordings, `${name}.json`), 'utf8'));
    const hub = await startHub();
    const etags = new Map<string, string>(); // As recorded → as this hub gave it.
    try {
      for (const entry of recording.Entries) {
        const { pathname, search } = new URL(entry.RequestUri);
        const recordedMatch = entry.RequestHeaders['If-Match'];
        const answer = await call(hub, entry.RequestMethod, pathname + search, {
          // Keys are blotted out in the recordings; any that the service would take stand for them.
          text:
            entry.RequestBody === null ? '' : JSON.stringify(entry.RequestBody).replaceAll('"Sanitized"', `"${key}"`),
          headers: recordedMatch === undefined ? {} : { 'if-match': etags.get(recordedMatch) ?? recordedMatch },
        });
        expect(answer.status).toBe(entry.StatusCode);
        expect(shape(answer.json ?? null)).toBe(shape(entry.ResponseBody));
        for (const header of ['Content-Type', 'Vary', 'iothub-errorcode']) {
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
