import { describe, expect, it } from 'vitest';
import { applyBulk } from '../../../src/emulator/devices/bulk.ts';
import { etagOf } from '../../../src/emulator/devices/identity.ts';
import { edgeBody, refusal, type TestRegistry, testRegistry, wanted } from './identities.ts';

/** An entry of a bulk that has the fields of an edge device. */
function entry(id: string, importMode: string, more: object = {}) {
  const { deviceId: _, ...fields } = edgeBody(id);
  return { ...fields, id, importMode, ...more };
}

function withDevice(): { registry: TestRegistry; etag: string; scope: string } {
  const registry = testRegistry();
  const created = registry.create(wanted(edgeBody('d')));
  return { registry, etag: etagOf(created), scope: created.deviceScope! };
}

describe('import modes', () => {
  it.each(['create', 'Create', 'CREATE', 'createOrUpdate', 'CreateOrUpdateIfMatchETag'])('%s creates', (mode) => {
    const registry = testRegistry();
    expect(applyBulk(registry, [entry('d', mode)])).toEqual({ isSuccessful: true, errors: [], warnings: [] });
    expect(registry.get('d').edge).toBe(true);
  });

  it.each([
    ['update', {}],
    ['Update', { etag: 'MQ==' }], // Ignored, as recorded.
    ['createOrUpdate', { eTag: 'MQ==' }],
    ['createOrUpdateIfMatchETag', {}],
    ['updateIfMatchETag', { eTag: '*' }],
  ])('%s updates with %j', (mode, more) => {
    const { registry, scope } = withDevice();
    const result = applyBulk(registry, [entry('d', mode, { status: 'disabled', deviceScope: scope, ...more })]);
    expect(result.errors).toEqual([]);
    expect(registry.get('d').status).toBe('disabled');
  });

  it.each([
    ['UpdateIfMatchETag', 'etag'],
    ['updateIfMatchETag', 'eTag'],
    ['createOrUpdateIfMatchETag', 'eTag'],
  ])('%s compares %s', (mode, name) => {
    const { registry, etag, scope } = withDevice();
    const update = (value: string) =>
      applyBulk(registry, [entry('d', mode, { status: 'disabled', deviceScope: scope, [name]: value })]).errors;
    expect(update('MQ==')).toMatchObject([{ deviceId: 'd', errorCode: 412001 }]);
    expect(registry.get('d').status).toBe('enabled');
    expect(update(etag)).toEqual([]);
    expect(registry.get('d').status).toBe('disabled');
  });

  it.each([
    ['delete', () => ({})],
    ['deleteIfMatchETag', (etag: string) => ({ eTag: etag })],
    ['DeleteIfMatchETag', (etag: string) => ({ etag: `"${etag}"` })],
  ])('%s deletes', (mode, more) => {
    const { registry, etag } = withDevice();
    expect(applyBulk(registry, [{ id: 'd', importMode: mode, ...more(etag) }]).errors).toEqual([]);
    expect([...registry.all()]).toEqual([]);
  });

  it.each(['updateIfMatchETag', 'deleteIfMatchETag'])('%s without an etag is refused', (mode) => {
    const { registry, scope } = withDevice();
    expect(applyBulk(registry, [entry('d', mode, { deviceScope: scope })]).errors).toEqual([
      { deviceId: 'd', errorCode: 412001, errorStatus: 'Etag missing' },
    ]);
  });

  it.each([['nonsense'], [undefined]])('%s is refused', (mode) => {
    expect(applyBulk(testRegistry(), [{ id: 'd', importMode: mode }]).errors).toMatchObject([{ errorCode: 400004 }]);
  });
});

describe('twins in bulk', () => {
  const site = (value: string | null) => ({ tags: { site: value } });
  /** A registry with one device, whose twin is at its second version. */
  function withTwin() {
    const { registry, scope, etag } = withDevice();
    applyBulk(registry, [{ id: 'd', importMode: 'updateTwin', ...site('berlin') }]);
    return { registry, scope, etag, apply: (body: object) => applyBulk(registry, [{ id: 'd', ...body }]).errors };
  }
  const stale = [{ deviceId: 'd', errorCode: 412001, errorStatus: "ETag mismatch for device ID 'd'" }];

  it('come along with a creation, at their first version, dated never (recorded)', () => {
    const registry = testRegistry();
    const twin = { ...site('berlin'), properties: { desired: { user: 'userA' } } };
    expect(applyBulk(registry, [entry('d', 'create', twin)]).isSuccessful).toBe(true);
    const mark = { $lastUpdated: '0001-01-01T00:00:00Z', $lastUpdatedVersion: 1 };
    expect(registry.get('d').twin).toEqual({
      counter: 1,
      tags: { site: 'berlin' },
      desired: { values: { user: 'userA' }, metadata: { ...mark, user: mark }, version: 1 },
    });
  });

  it.each(['updateTwin', 'UpdateTwin', 'updateTwinIfMatchETag'])(
    '%s merges them, and leaves the identity alone',
    (mode) => {
      const { registry, etag, apply } = withTwin();
      expect(apply({ importMode: mode, twinETag: 'AAAAAAAAAAI=', tags: { row: 3 } })).toEqual([]);
      expect(registry.get('d').twin).toEqual({ counter: 3, tags: { site: 'berlin', row: 3 } });
      expect(etagOf(registry.get('d'))).toBe(etag);
    },
  );

  it.each([
    ['twinETag', '"AAAAAAAAAAI="'],
    ['eTag', 'AAAAAAAAAAI='], // Where the C# SDK puts it.
    ['twinETag', '*'],
  ])('updateTwinIfMatchETag compares %s %s', (name, right) => {
    const { registry, apply } = withTwin();
    const update = (etag: string) => apply({ importMode: 'updateTwinIfMatchETag', [name]: etag, ...site('ulm') });
    expect(update('AAAAAAAAAAE=')).toEqual(stale);
    expect(registry.get('d').twin?.tags).toEqual({ site: 'berlin' });
    expect(update(right)).toEqual([]);
    expect(registry.get('d').twin?.tags).toEqual({ site: 'ulm' });
  });

  it('updateTwinIfMatchETag without an etag is refused', () => {
    expect(withTwin().apply({ importMode: 'updateTwinIfMatchETag' })).toMatchObject([{ errorStatus: 'Etag missing' }]);
  });

  it('come along with an update; a twinETag is compared, and then nothing is changed', () => {
    const { registry, scope, apply } = withTwin();
    const update = (twinETag: string) =>
      apply(entry('d', 'update', { deviceScope: scope, status: 'disabled', twinETag, ...site(null) }));
    expect(update('AAAAAAAAAAE=')).toEqual(stale);
    expect(registry.get('d')).toMatchObject({ status: 'enabled', twin: { tags: { site: 'berlin' } } });
    expect(update('AAAAAAAAAAI=')).toEqual([]);
    expect(registry.get('d')).toMatchObject({ status: 'disabled', twin: { counter: 3, tags: {} } });
  });

  it('stay as they are in an update that does not name them', () => {
    const { registry, scope, apply } = withTwin();
    expect(apply(entry('d', 'update', { deviceScope: scope }))).toEqual([]);
    expect(registry.get('d').twin).toEqual({ counter: 2, tags: { site: 'berlin' } });
  });

  it.each(['create', 'update', 'updateTwin'])('that are not valid refuse the whole entry: %s', (mode) => {
    const registry = testRegistry();
    const before = mode === 'create' ? undefined : registry.create(wanted({ deviceId: 'd' }));
    const bad = { id: 'd', importMode: mode, status: 'disabled', tags: { 'a.b': 1 } };
    expect(applyBulk(registry, [bad]).errors).toMatchObject([{ deviceId: 'd', errorCode: 400004 }]);
    expect(registry.find('d')).toBe(before);
  });

  it('of an unknown device are refused', () => {
    expect(applyBulk(testRegistry(), [{ id: 'd', importMode: 'updateTwin' }]).errors).toMatchObject([
      { errorCode: 404001 },
    ]);
  });
});

describe('partial failure', () => {
  it('names what was refused, by number, and applies all the rest', () => {
    const { registry } = withDevice();
    const result = applyBulk(registry, [
      entry('new', 'create'),
      entry('d', 'create'),
      entry('absent', 'update'),
      entry('bad id', 'create'),
      entry('thumb', 'create', { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: 'x' } } }),
      entry('newer', 'create'),
    ]);
    expect(result.isSuccessful).toBe(false);
    expect(result.errors.map(({ deviceId, errorCode }) => [deviceId, errorCode])).toEqual([
      ['d', 409001],
      ['absent', 404001],
      ['bad id', 400004],
      ['thumb', 400004],
    ]);
    expect([...registry.all()].map((identity) => identity.deviceId)).toEqual(['d', 'new', 'newer']);
  });

  it('refuses every entry of an id that occurs twice', () => {
    const registry = testRegistry();
    const result = applyBulk(registry, [entry('a', 'create'), entry('b', 'create'), entry('a', 'delete')]);
    expect(result.errors.map(({ deviceId, errorCode }) => [deviceId, errorCode])).toEqual([
      ['a', 400011],
      ['a', 400011],
    ]);
    expect([...registry.all()].map((identity) => identity.deviceId)).toEqual(['b']);
  });

  it('wants the scope of an edge device back', () => {
    const { registry } = withDevice();
    expect(applyBulk(registry, [entry('d', 'update')]).errors).toEqual([
      { deviceId: 'd', errorCode: 400004, errorStatus: 'Device scope is immutable' },
    ]);
  });
});

describe('the call as a whole', () => {
  it.each([
    ['an object', {}, 'ArgumentInvalid'],
    ['an empty list', [], 'ArgumentInvalid'],
    ['an entry that is no object', [1], 'ArgumentInvalid'],
    ['101 entries', Array.from({ length: 101 }, (_, at) => entry(`d${at}`, 'create')), 'TooManyDevices'],
  ])('refuses %s, and applies nothing', (_, body, code) => {
    const registry = testRegistry();
    expect(refusal(() => applyBulk(registry, body))).toMatch(new RegExp(`^${code}`));
    expect([...registry.all()]).toEqual([]);
  });

  it('takes 100 entries', () => {
    const registry = testRegistry();
    const body = Array.from({ length: 100 }, (_, at) => entry(`d${at}`, 'create'));
    expect(applyBulk(registry, body).isSuccessful).toBe(true);
    expect([...registry.all()]).toHaveLength(100);
  });

  it('checks no parent of a new device, and names it twice', () => {
    const some = testRegistry();
    const [scope, parent] = ['someScope', 'ms-azure-iot-edge://nobody-1'];
    const result = applyBulk(some, [
      { id: 'leaf', importMode: 'create', deviceScope: scope },
      { id: 'edge', importMode: 'create', capabilities: { iotEdge: true }, parentScopes: [parent] },
    ]);
    expect(result.errors).toEqual([]);
    expect(some.get('leaf')).toMatchObject({ deviceScope: scope, parentScopes: [scope] });
    expect(some.get('edge').parentScopes).toEqual([parent]);
  });
});
