import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../src/emulator/queries/query.ts';
import { queryPage } from '../../../src/emulator/queries/query-page.ts';
import { patchedTwin, wantedTwin } from '../../../src/emulator/twins/twin-state.ts';
import { Refused } from '../../../src/emulator/wire/errors.ts';
import { fc } from '../../support/property.ts';
import { a40, b40, edgeBody, refusal, start, testRegistry, wanted } from '../devices/identities.ts';

const registry = testRegistry();
registry.create(wanted(edgeBody('edge-1')));
registry.create(wanted(edgeBody("o'clock", { status: 'disabled', statusReason: 'say "no"\\' })));
registry.create(wanted({ deviceId: 'leaf-1' }));
const edgeScope = registry.get('edge-1').deviceScope;

function rows(text: string, most = 1000, token?: string) {
  return queryPage(registry.visible(), text, most, token);
}

function found(where: string): string {
  return rows(`SELECT deviceId FROM devices WHERE ${where}`)
    .rows.map((row) => Object.values(row)[0])
    .join(' ');
}

describe('conditions', () => {
  it.each([
    ["deviceId = 'edge-1'", 'edge-1'],
    ['deviceId = "edge-1"', 'edge-1'],
    ["deviceId = 'o\\'clock'", "o'clock"],
    ['deviceId = "o\'clock"', "o'clock"],
    ['statusReason = \'say "no"\\\\\'', "o'clock"],
    ["deviceId != 'edge-1'", "o'clock leaf-1"],
    ["deviceId <> 'edge-1'", "o'clock leaf-1"],
    ["deviceId='EDGE-1'", ''],
    ["deviceId IN ['leaf-1', 'edge-1', 'nobody']", 'edge-1 leaf-1'],
    ["deviceId in ['leaf-1']", 'leaf-1'],
    ["deviceId NIN ['leaf-1']", "edge-1 o'clock"],
    ["deviceId NOT IN ['leaf-1']", "edge-1 o'clock"],
    ['capabilities.iotEdge = true', "edge-1 o'clock"],
    ['capabilities.iotEdge = false', 'leaf-1'],
    ['NOT capabilities.iotEdge = true', 'leaf-1'],
    ["capabilities.iotEdge = true AND status = 'enabled'", 'edge-1'],
    ["status = 'disabled' OR authenticationType = 'sas'", "o'clock leaf-1"],
    ["status = 'enabled' AND (authenticationType = 'sas' OR capabilities.iotEdge = true)", 'edge-1 leaf-1'],
    ["status = 'disabled' OR status = 'enabled' AND authenticationType = 'sas'", "o'clock leaf-1"],
    ["NOT (status = 'disabled' OR authenticationType = 'sas')", 'edge-1'],
    [`x509Thumbprint.primaryThumbprint = '${a40}'`, "edge-1 o'clock"],
    [`deviceScope = '${edgeScope}'`, 'edge-1'],
    ['version >= 2 AND version <= 2 AND version > 1 AND version < 3', "edge-1 o'clock leaf-1"],
    ['version > 2', ''],
    ["version > '1'", ''],
    ["deviceId >= 'edge-1' AND deviceId < 'f'", 'edge-1'],
    ['x509Thumbprint.primaryThumbprint = null', 'leaf-1'],
    ['is_defined(deviceScope)', "edge-1 o'clock"],
    ['NOT IS_DEFINED(deviceScope)', 'leaf-1'],
    ["DeviceID = 'leaf-1'", 'leaf-1'],
  ])('%s', (where, expected) => {
    expect(found(where)).toBe(expected);
  });

  it.each([
    "tags.site = 'berlin'",
    "tags.site != 'berlin'",
    "NOT tags.site = 'berlin'",
    "tags.site IN ['berlin']",
    'a.b = 1',
  ])('what does not exist meets nothing: %s', (where) => {
    expect(found(where)).toBe('');
  });

  it('what does not exist does not spoil what is true anyway', () => {
    expect(found("tags.site = 'x' OR deviceId = 'leaf-1'")).toBe('leaf-1');
    expect(found("NOT (tags.site = 'x' AND deviceId = 'leaf-1')")).toBe("edge-1 o'clock");
  });

  it('takes a list of as many ids as fit into a query, and ORs', () => {
    const ids = Array.from({ length: 800 }, (_, at) => `'x${at}'`);
    expect(found(`deviceId IN [${ids.join(',')}, 'leaf-1']`)).toBe('leaf-1');
    const few = ids.slice(0, 400);
    expect(found(`${few.map((id) => `deviceId=${id}`).join(' OR ')} OR deviceId = 'leaf-1'`)).toBe('leaf-1');
  });
});

describe('conditions over a twin', () => {
  const twins = testRegistry();
  const tagged: readonly [string, string, object][] = [
    ['a', '{"site":"berlin","row":3,"deep":{"er":true}}', { interval: 5 }],
    ['b', '{"Site":"berlin","row":7,"straße":"x","__proto__":"y"}', { interval: 50, list: [1] }],
    ['c', '{"site":"ulm","row":"3"}', {}],
    ['d', '{}', {}],
  ];
  for (const [deviceId, tags, desired] of tagged) {
    twins.create(wanted({ deviceId }));
    const twin = patchedTwin(undefined, wantedTwin({ tags: JSON.parse(tags), properties: { desired } }), start);
    twins.amend(deviceId, { twin });
  }
  const meeting = (where: string) =>
    queryPage(twins.visible(), `SELECT deviceId FROM devices WHERE ${where}`, 100, undefined)
      .rows.flatMap((row) => Object.values(row))
      .join('');

  it.each([
    ["tags.site = 'berlin'", 'a'],
    ["tags.Site = 'berlin'", 'b'],
    ["TAGS.site = 'ulm'", 'c'],
    ["tags.site != 'berlin'", 'c'],
    ["tags.site IN ['ulm', 'berlin']", 'ac'],
    ["tags.site NIN ['ulm']", 'a'],
    ['tags.row > 2', 'ab'],
    ['tags.row >= 7 OR tags.deep.er = true', 'ab'],
    ["tags.row = '3'", 'c'],
    ['IS_DEFINED(tags.site)', 'ac'],
    ['NOT IS_DEFINED(tags.row)', 'd'],
    ['IS_DEFINED(tags)', 'abc'],
    ['IS_DEFINED(tags.constructor)', ''],
    ["tags.__proto__ = 'y'", 'b'],
    ["tags.straße = 'x'", 'b'],
    ['properties.desired.interval < 10', 'a'],
    ['IS_DEFINED(properties.desired.list)', 'b'],
    ['properties.desired.list = 1', ''],
    ['properties.desired.$version = 2', 'abcd'],
    ["properties.desired.$metadata.interval.$lastUpdated >= '2020'", 'ab'],
    ["etag = 'AAAAAAAAAAI='", 'abcd'],
    ['version = 3', 'abcd'],
  ])('%s', (where, expected) => {
    expect(meeting(where)).toBe(expected);
  });

  it.each([
    ['SELECT COUNT() AS n FROM devices', { n: 4 }],
    ["select count() as tagged from devices where tags.site = 'berlin'", { tagged: 1 }],
    ["SELECT COUNT() FROM devices WHERE tags.site = 'nowhere'", { count: 0 }],
  ])('%s', (text, row) => {
    expect(queryPage(twins.visible(), text, 1, undefined)).toEqual({
      rows: [row],
      itemType: 'Raw',
      continuation: undefined,
    });
  });
});

describe('what a query gives', () => {
  it('is the twin for *', () => {
    const page = rows("select * from devices where deviceId = 'edge-1'");
    expect(page).toMatchObject({ itemType: 'Twin', continuation: undefined });
    const properties = { $metadata: { $lastUpdated: new Date(start).toISOString() }, $version: 1 };
    expect(page.rows).toEqual([
      {
        deviceId: 'edge-1',
        etag: 'AAAAAAAAAAE=',
        deviceEtag: 'NDIxMDc1Mg==',
        status: 'enabled',
        statusUpdateTime: '0001-01-01T00:00:00Z',
        connectionState: 'Disconnected',
        lastActivityTime: '0001-01-01T00:00:00Z',
        cloudToDeviceMessageCount: 0,
        authenticationType: 'selfSigned',
        x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 },
        modelId: '',
        version: 2,
        properties: { desired: properties, reported: properties },
        capabilities: { iotEdge: true },
        deviceScope: edgeScope,
      },
    ]);
  });

  it('is the chosen columns, under their last name or the one they are given; absent ones are left out', () => {
    const page = rows(
      "SELECT deviceId, capabilities.iotEdge, status AS s, tags.x FROM devices WHERE deviceId = 'leaf-1'",
    );
    expect(page).toMatchObject({ itemType: 'Raw', rows: [{ deviceId: 'leaf-1', iotEdge: false, s: 'enabled' }] });
    expect(Object.keys(page.rows[0]!)).toHaveLength(3);
  });
});

describe('pages', () => {
  const text = 'SELECT deviceId FROM devices';

  it('follow each other without gaps, also when devices come and go', () => {
    const changing = testRegistry();
    for (const id of ['a', 'b', 'c', 'd']) changing.create(wanted({ deviceId: id }));
    const first = queryPage(changing.visible(), text, 2, undefined);
    changing.remove('b', undefined); // The one the token names.
    changing.remove('a', undefined);
    changing.create(wanted({ deviceId: 'e' }));
    const second = queryPage(changing.visible(), text, 2, first.continuation);
    const third = queryPage(changing.visible(), text, 2, second.continuation);
    expect([first, second, third].map((page) => page.rows.map((row) => Object.values(row)[0]).join(''))).toEqual([
      'ab',
      'cd',
      'e',
    ]);
    expect(third.continuation).toBeUndefined();
  });

  it('have no token when the last one is just full', () => {
    expect(rows(text, 3).continuation).toBeUndefined();
    expect(rows(text, 2).continuation).toBeDefined();
  });

  it('refuse the token of another query, and what is no token', () => {
    const token = rows('SELECT * FROM devices', 1).continuation;
    expect(refusal(() => rows(text, 1, token))).toContain('continuation token');
    expect(refusal(() => rows(text, 1, 'x'))).toContain('continuation token');
  });
});

describe('what is not understood', () => {
  it.each([
    '',
    'SELECT',
    'SELECT * FROM',
    'SELECT * FROM jobs',
    'SELECT FROM devices',
    'SELECT * FROM devices WHERE',
    'SELECT * FROM devices WHERE deviceId =',
    "SELECT * FROM devices WHERE deviceId = 'a",
    "SELECT * FROM devices WHERE deviceId ~ 'a'",
    'SELECT * FROM devices WHERE deviceId = a AND',
    "SELECT * FROM devices WHERE deviceId IN ('a')",
    'SELECT * FROM devices WHERE deviceId IN []',
    "SELECT * FROM devices WHERE deviceId IN ['a'",
    "SELECT * FROM devices WHERE (deviceId = 'a'",
    "SELECT * FROM devices WHERE deviceId = 'a' ORDER BY deviceId",
    'SELECT COUNT( FROM devices',
    'SELECT * FROM devices; DROP',
    `SELECT * FROM devices WHERE ${'('.repeat(5000)}`,
    `SELECT * FROM devices WHERE ${'NOT '.repeat(5000)} a = 1`,
  ])('%.60s', (text) => {
    expect(refusal(() => parseQuery(text))).toMatch(/^ArgumentInvalid: BadRequest/);
  });

  it.each([
    ['SELECT * FROM devices ORDER BY deviceId', 'ORDER BY is not supported'],
    ['SELECT * FROM devices.jobs', 'FROM devices.jobs is not served by this hub'],
    ['SELECT deviceId, COUNT() FROM devices', 'deviceId is selected and not in GROUP BY'],
    ['SELECT MEDIAN(tags.row) FROM devices', 'the function MEDIAN is not supported here'],
    ['SELECT * FROM devices GROUP BY tags.site', 'GROUP BY does not go with SELECT *'],
    ['SELECT COUNT() FROM devices.modules GROUP BY moduleId', 'GROUP BY is for device twins only'],
    ["SELECT * FROM devices WHERE STARTS_WITH(deviceId, 'a')", 'use STARTSWITH here'],
    ["SELECT * FROM devices WHERE LOWER(deviceId) = 'a'", 'the function LOWER is not supported'],
    ['SELECT * FROM devices WHERE IS_DEFINED(a, b)', 'IS_DEFINED takes 1 values, not 2'],
    ['SELECT TOP 0 * FROM devices', 'a number was expected after TOP'],
    [`SELECT * FROM devices WHERE deviceId = '${'x'.repeat(8192)}'`, 'at most 8192 are allowed'],
  ])('is said plainly: %s', (text, words) => {
    expect(refusal(() => parseQuery(text))).toContain(words);
  });

  it('is refused, whatever it is, and never breaks', () => {
    const words = fc.constantFrom(
      'SELECT',
      '*',
      'FROM',
      'devices',
      'WHERE',
      'a',
      '=',
      "'x'",
      'IN',
      '[',
      ']',
      '(',
      ')',
      'NOT',
      'AND',
      ',',
      '1',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 20 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
        }
      }),
    );
  });
});

it('reads back any text that was quoted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom("'", '"'), (value, quote) => {
      const quoted = quote + value.replace(/[\\'"]/g, '\\$&') + quote;
      expect(parseQuery(`SELECT * FROM devices WHERE deviceId = ${quoted}`).where).toMatchObject({
        right: { kind: 'constant', value },
      });
    }),
  );
});
