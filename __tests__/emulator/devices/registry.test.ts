import { describe, expect, it } from 'vitest';
import { deviceDocument, etagOf } from '../../../src/emulator/devices/identity.ts';
import { a40, b40, edgeBody, refusal, start, type TestRegistry, testRegistry, wanted } from './identities.ts';

const leaf = (deviceId: string, more: object = {}) => wanted({ deviceId, ...more });
const edge = (deviceId: string, more: object = {}) => wanted(edgeBody(deviceId, more));
const ids = (identities: Iterable<{ deviceId: string }>) => [...identities].map((identity) => identity.deviceId);

describe('creating', () => {
  it('refuses an id that exists, and leaves the device as it is', () => {
    const registry = testRegistry();
    const first = registry.create(leaf('d'));
    expect(refusal(() => registry.create(leaf('d', { status: 'disabled' })))).toBe(
      "DeviceAlreadyExists: A device with ID 'd' is already registered.",
    );
    expect(registry.get('d')).toBe(first);
  });

  it('tells ids apart by case', () => {
    const registry = testRegistry();
    registry.create(leaf('d'));
    registry.create(leaf('D'));
    expect(ids(registry.all())).toEqual(['d', 'D']);
  });

  it('makes two keys for a device that brings no authentication', () => {
    const { authentication } = testRegistry().create(leaf('d'));
    expect(authentication.type).toBe('sas');
    expect(Buffer.from(authentication.primary!, 'base64')).toHaveLength(32);
    expect(authentication.primary).not.toBe(authentication.secondary);
  });

  it('gives every device a generation of its own, also within a millisecond, and when the clock goes back', () => {
    const registry = testRegistry();
    const first = BigInt(registry.create(leaf('a')).generationId);
    const second = BigInt(registry.create(leaf('b')).generationId);
    registry.now -= 1000;
    const third = BigInt(registry.create(leaf('c')).generationId);
    expect([second - first, third - second]).toEqual([1n, 1n]);
  });

  it('gives a device that was deleted another generation and another etag', () => {
    const registry = testRegistry();
    const before = registry.create(leaf('d'));
    registry.remove('d', undefined);
    const after = registry.create(leaf('d'));
    expect(after.generationId).not.toBe(before.generationId);
    expect(etagOf(after)).not.toBe(etagOf(before));
  });
});

describe('updating', () => {
  it('refuses a device that is not there', () => {
    expect(refusal(() => testRegistry().update(leaf('d'), undefined))).toBe('DeviceNotFound: d');
  });

  it('counts the etag up by one and refuses the old one, naming both versions', () => {
    const registry = testRegistry();
    const first = registry.create(leaf('d'));
    const second = registry.update(leaf('d', { status: 'disabled' }), etagOf(first));
    expect(second.version).toBe(first.version + 1);
    expect(refusal(() => registry.update(leaf('d'), etagOf(first)))).toBe(
      'PreconditionFailed: Precondition failed: Device version did not match, ' +
        `existingVersion:${second.version} newVersion:${first.version}`,
    );
    expect(registry.get('d').status).toBe('disabled');
  });

  it('refuses an etag that is none', () => {
    const registry = testRegistry();
    registry.create(leaf('d'));
    expect(refusal(() => registry.update(leaf('d'), '!!'))).toMatch(/newVersion:0$/);
  });

  it('replaces the whole identity: what is left out is gone', () => {
    const registry = testRegistry();
    const created = registry.create(
      leaf('d', {
        statusReason: 'lost',
        authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: a40 } },
      }),
    );
    const updated = registry.update(leaf('d'), undefined);
    expect(updated).toMatchObject({ statusReason: null, generationId: created.generationId });
    expect(updated.authentication.type).toBe('sas');
  });

  it('makes new keys when the authentication is left out', () => {
    const registry = testRegistry();
    const before = registry.create(leaf('d')).authentication;
    expect(registry.update(leaf('d'), undefined).authentication.primary).not.toBe(before.primary);
  });

  it('dates a change of status, and keeps that date over other changes', () => {
    const registry = testRegistry();
    registry.create(leaf('d'));
    registry.now = start + 1000;
    const disabled = registry.update(leaf('d', { status: 'disabled' }), undefined);
    registry.now = start + 2000;
    const renamed = registry.update(leaf('d', { status: 'disabled', statusReason: 'x' }), undefined);
    expect([disabled.statusUpdatedTime, renamed.statusUpdatedTime]).toEqual(Array(2).fill('2026-01-02T03:04:06.000Z'));
  });
});

describe('removing', () => {
  it('wants the right etag, or none at all', () => {
    const registry = testRegistry();
    registry.create(leaf('d'));
    expect(refusal(() => registry.remove('d', 'MQ=='))).toMatch(/^PreconditionFailed/);
    registry.remove('d', undefined);
    expect(refusal(() => registry.remove('d', undefined))).toBe('DeviceNotFound: d');
    expect(refusal(() => registry.get('d'))).toBe('DeviceNotFound: d');
  });
});

describe('scopes', () => {
  it('gives an edge device a scope of its own, whatever it asks for', () => {
    const registry = testRegistry();
    const { deviceScope, generationId } = registry.create(edge('e', { deviceScope: 'ms-azure-iot-edge://mine-1' }));
    expect(deviceScope).toBe(`ms-azure-iot-edge://e-${generationId}`);
  });

  it.each([
    ['left out', {}],
    ['changed', { deviceScope: 'ms-azure-iot-edge://e-1' }],
  ])('refuses the update of an edge device with its scope %s', (_, more) => {
    const registry = testRegistry();
    registry.create(edge('e'));
    expect(refusal(() => registry.update(edge('e', more), undefined))).toBe(
      'ArgumentInvalid: Device scope is immutable',
    );
  });

  it('keeps the parent of an edge device when its scopes are sent back, and detaches it when parentScopes is left out', () => {
    const registry = testRegistry();
    const parent = registry.create(edge('parent')).deviceScope!;
    const { deviceScope, parentScopes } = registry.create(edge('e', { parentScopes: [parent] }));
    expect(parentScopes).toEqual([parent]);
    expect(registry.update(edge('e', { deviceScope, parentScopes }), undefined).parentScopes).toEqual([parent]);
    expect(registry.update(edge('e', { deviceScope }), undefined).parentScopes).toBeUndefined();
  });

  it('takes the parent of a leaf from deviceScope alone, and repeats it in parentScopes', () => {
    const registry = testRegistry();
    const parent = registry.create(edge('parent')).deviceScope!;
    expect(registry.create(leaf('a', { deviceScope: parent }))).toMatchObject({
      deviceScope: parent,
      parentScopes: [parent],
    });
    expect(registry.create(leaf('b', { parentScopes: [parent] })).parentScopes).toBeUndefined();
    expect(registry.update(leaf('a', { deviceScope: '' }), undefined).deviceScope).toBeUndefined();
  });

  it.each([
    ['a scope that nobody has', () => 'ms-azure-iot-edge://p-1'],
    ['a text that is no scope', () => 'p-1'],
    ['the scope of a device that is gone', (registry: TestRegistry) => removed(registry)],
  ])('refuses a new parent by %s', (_, scope) => {
    const registry = testRegistry();
    const parent = scope(registry);
    for (const device of [leaf('l', { deviceScope: parent }), edge('e', { parentScopes: [parent] })]) {
      expect(refusal(() => registry.create(device))).toBe(
        `ArgumentInvalid: The parent scope '${parent}' is not that of an edge device of this hub.`,
      );
    }
  });

  it('fails when a leaf becomes an edge device with the scope of its parent', () => {
    const registry = testRegistry();
    const parent = registry.create(edge('parent')).deviceScope!;
    registry.create(leaf('l', { deviceScope: parent }));
    const change = (more: object) => () => registry.update(edge('l', more), undefined);
    expect(refusal(change({ deviceScope: parent }))).toMatch(/^ServiceUnavailable/);
    expect(registry.get('l').edge).toBe(false);
    expect(change({ deviceScope: '', parentScopes: [parent] })()).toMatchObject({ parentScopes: [parent] });
  });

  it('lets a device outlive its parent', () => {
    const registry = testRegistry();
    const parent = registry.create(edge('parent')).deviceScope!;
    registry.create(leaf('l', { deviceScope: parent }));
    registry.remove('parent', undefined);
    expect(registry.update(leaf('l', { deviceScope: parent, status: 'disabled' }), undefined).deviceScope).toBe(parent);
  });

  it('makes an edge device of a leaf and back', () => {
    const registry = testRegistry();
    const parent = registry.create(edge('parent')).deviceScope!;
    registry.create(leaf('d', { deviceScope: parent }));
    const asEdge = registry.update(edge('d'), undefined);
    expect(asEdge.deviceScope).toBe('ms-azure-iot-edge://d-');
    const asLeaf = registry.update(leaf('d', { deviceScope: asEdge.deviceScope }), undefined);
    expect(asLeaf.deviceScope).toBeUndefined();
  });
});

function removed(registry: TestRegistry): string {
  const { deviceScope } = registry.create(edge('gone'));
  registry.remove('gone', undefined);
  return deviceScope!;
}

describe('another writer', () => {
  it('creates and replaces without an etag, and an edge device keeps its scope', () => {
    const registry = testRegistry();
    const created = registry.put(edge('e'));
    const replaced = registry.put(edge('e', { status: 'disabled' }));
    expect(replaced).toMatchObject({
      status: 'disabled',
      deviceScope: created.deviceScope,
      version: created.version + 1,
    });
  });
});

describe('what queries see', () => {
  it('is the registry itself without a lag', () => {
    const registry = testRegistry();
    registry.create(leaf('d'));
    expect(ids(registry.visible())).toEqual(['d']);
  });

  it('is the registry as it was a while ago', () => {
    const registry = testRegistry({ visibilityLagMs: 5000 });
    registry.create(leaf('a'));
    registry.now += 3000;
    registry.create(leaf('b'));
    registry.remove('a', undefined);
    expect(ids(registry.visible())).toEqual([]);
    registry.now += 2000;
    expect(ids(registry.visible())).toEqual(['a']);
    registry.now += 3000;
    expect(ids(registry.visible())).toEqual(['b']);
  });

  it('includes at once what was stored before', () => {
    const stored = testRegistry().create(leaf('old'));
    expect(ids(testRegistry({ visibilityLagMs: 5000 }, [stored]).visible())).toEqual(['old']);
  });
});

it('tells of every change, and of nothing that was refused', () => {
  const registry = testRegistry();
  const created = registry.create(leaf('d'));
  expect(refusal(() => registry.create(leaf('d')))).toBeTruthy();
  const updated = registry.update(edge('d'), undefined);
  expect(refusal(() => registry.update(edge('d'), undefined))).toBeTruthy();
  registry.remove('d', undefined);
  expect(registry.changes).toEqual([
    ['d', created],
    ['d', updated],
    ['d', undefined],
  ]);
});

it('goes on where the stored devices end', () => {
  const before = testRegistry();
  const stored = [before.create(leaf('a')), before.create(edge('b'))];
  const after = testRegistry({ clock: () => 0 }, stored);
  expect(BigInt(after.create(leaf('c')).generationId)).toBeGreaterThan(BigInt(stored[1]!.generationId));
  expect(deviceDocument(after.get('b')).authentication.x509Thumbprint.secondaryThumbprint).toBe(b40);
});
