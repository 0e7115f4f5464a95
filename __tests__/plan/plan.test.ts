import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/model/identity.ts';
import type { Change } from '../../src/model/plan.ts';
import { describeReasons } from '../../src/model/reasons.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { readChangeLimit } from '../../src/plan/limit.ts';
import { type PlanOptions, plan, planDevice } from '../../src/plan/plan.ts';
import type { Foreignness, Lockout } from '../../src/rules/plan.ts';
import { told } from '../support/finding.ts';
import { certificate, digest, found, hub, idOf, ours, twinOf, wanted } from './devices.ts';

const strict = { adopt: false, allowLockout: false };
const everything = { adopt: true, allowLockout: true };

/** The change, and the rules that fired. */
function planned(identity: Identity, device: RegisteredDevice | undefined, allowed = strict) {
  const { value, findings } = planDevice(hub, identity, device, allowed);
  return { change: value, rules: findings.map(({ rule }) => rule), findings };
}

function updated(identity: Identity, device: RegisteredDevice, allowed = strict): Change & { kind: 'update' } {
  const { change } = planned(identity, device, allowed);
  if (change.kind !== 'update') throw new Error(`${change.kind}, expected an update`);
  return change;
}

describe('a device that the hub does not have', () => {
  it.each([
    ['enabled', {}, {}],
    ['enabled', { status: 'enabled' }, {}],
    ['disabled', { status: 'disabled', statusReason: 'awaiting repair' }, { statusReason: 'awaiting repair' }],
  ] as const)('is created %s from %j', (status, parts, more) => {
    const { change, rules } = planned(wanted(parts), undefined);
    expect(change).toMatchObject({ kind: 'create', id: 'edge-001', hub });
    expect(change.kind === 'create' && change.registration).toEqual({
      id: 'edge-001',
      thumbprints: { primary: digest('new-1'), secondary: digest('new-2') },
      status,
      ...more,
    });
    expect(rules).toEqual([]);
  });
});

describe('a device that is as it should be', () => {
  it.each<[string, Identity, RegisteredDevice]>([
    ['in every field', wanted(), found()],
    ['but for the case of its thumbprints', wanted(), lowerCase(found())],
    ['disabled, and the manifest says nothing of it', wanted(), found({ status: 'disabled', statusReason: 'stolen' })],
    ['with a parent', wanted(), found({ parentScopes: ['ms-azure-iot-edge://gateway-1'] })],
    ['without a reason, wanted none', wanted({ statusReason: '' }), found()],
    ['disabled as wanted', wanted({ status: 'disabled' }), found({ status: 'disabled' })],
  ])('is left alone: %s', (_, identity, device) => {
    const { change, rules } = planned(identity, device);
    expect(change).toMatchObject({ kind: 'unchanged', found: device });
    expect(rules).toEqual([]);
  });
});

describe('a device that differs is updated, with the reason of every field', () => {
  const [old1, new1] = [digest('old-1').slice(0, 8), digest('new-1').slice(0, 8)];
  it.each<[string, Identity, RegisteredDevice, string]>([
    [
      'primary',
      wanted(),
      found({ thumbprints: { primary: digest('old-1'), secondary: digest('new-2') } }),
      `primaryThumbprint ${old1}… → ${new1}…`,
    ],
    [
      'secondary',
      wanted(),
      found({ thumbprints: { primary: digest('new-1') } }),
      `secondaryThumbprint (none) → ${digest('new-2').slice(0, 8)}…`,
    ],
    ['status', wanted({ status: 'disabled' }), found(), 'status enabled → disabled'],
    [
      'statusReason',
      wanted({ statusReason: 'lent' }),
      found({ statusReason: 'awaiting repair' }),
      'statusReason awaiting repair → lent',
    ],
    ['no reason', wanted({ statusReason: '' }), found({ statusReason: 'lent' }), 'statusReason lent → (none)'],
    [
      'two fields',
      wanted({ status: 'disabled', statusReason: 'lent' }),
      found(),
      'status enabled → disabled, statusReason (none) → lent',
    ],
    ['edge', wanted(), found({ edge: false }), 'edge false → true'],
    ['sign-in', wanted(), found({ authentication: 'none' }), 'authentication none → selfSigned'],
  ])('%s', (_, identity, device, reasons) => {
    const change = updated(identity, device, everything);
    expect(describeReasons(change.reasons)).toBe(reasons);
    expect(change.found).toBe(device);
  });

  it('says so when only the digest of the certificate is another', () => {
    const identity = wanted({
      primary: digest('one', 'sha256'),
      secondary: digest('two', 'sha256'),
      certificates: { primary: certificate('one'), secondary: certificate('two') },
    });
    const change = updated(identity, lowerCase(found({ thumbprints: pair('one', 'two') })));
    expect(change.reasons.map(({ field, note }) => [field, note])).toEqual([
      ['primaryThumbprint', 'other-digest'],
      ['secondaryThumbprint', 'other-digest'],
    ]);
  });
});

describe('what an update writes', () => {
  it('sends back what the manifest does not name', () => {
    const device = found({
      thumbprints: pair('new-1', 'old'),
      status: 'disabled',
      statusReason: 'stolen',
      parentScopes: ['ms-azure-iot-edge://gateway-1'],
    });
    expect(updated(wanted(), device).registration).toEqual({
      id: 'edge-001',
      thumbprints: pair('new-1', 'new-2'),
      status: 'disabled',
      statusReason: 'stolen',
      deviceScope: 'ms-azure-iot-edge://edge-001-1',
      parentScopes: ['ms-azure-iot-edge://gateway-1'],
    });
  });

  it('makes up nothing that the hub does not have', () => {
    const { deviceScope: _, ...bare } = found({ thumbprints: pair('new-1', 'old') });
    expect(updated(wanted(), bare).registration).toEqual({
      id: 'edge-001',
      thumbprints: pair('new-1', 'new-2'),
      status: 'enabled',
    });
  });

  it('empties a reason that the manifest empties', () => {
    expect(updated(wanted({ statusReason: '' }), found({ statusReason: 'lent' })).registration.statusReason).toBe('');
  });

  it('keeps the parent of a leaf device that becomes an edge device', () => {
    const parent = 'ms-azure-iot-edge://gateway-1';
    const leaf = found({ edge: false, deviceScope: parent, parentScopes: [parent] });
    const { registration } = updated(wanted(), leaf, everything);
    expect(registration.parentScopes).toEqual([parent]);
    expect(registration).not.toHaveProperty('deviceScope');
  });

  it('gives a leaf device without a parent none', () => {
    const { deviceScope: _, ...leaf } = found({ edge: false });
    const { registration } = updated(wanted(), leaf, everything);
    expect(registration).not.toHaveProperty('parentScopes');
    expect(registration).not.toHaveProperty('deviceScope');
  });
});

describe('lockout', () => {
  const named = { certificates: { primary: certificate('new-1'), secondary: certificate('new-2') } };
  const sha256 = { primary: digest('new-1', 'sha256'), secondary: digest('new-2', 'sha256') };
  it.each<[string, Identity, RegisteredDevice, Lockout | undefined]>([
    ['both certificates are replaced', wanted(), found({ thumbprints: pair('old-1', 'old-2') }), 'all-certificates'],
    [
      'the one certificate is replaced',
      wanted(),
      found({ thumbprints: { primary: digest('old') } }),
      'all-certificates',
    ],
    [
      'the only secondary is replaced',
      wanted(),
      found({ thumbprints: { secondary: digest('old') } }),
      'all-certificates',
    ],
    ['the first stays', wanted(), found({ thumbprints: pair('new-1', 'old') }), undefined],
    ['the second stays', wanted({ slot: 'secondary' }), found({ thumbprints: pair('old', 'new-2') }), undefined],
    ['one moves to the other slot', wanted(), found({ thumbprints: pair('old', 'new-1') }), undefined],
    ['both are swapped', wanted(), found({ thumbprints: pair('new-2', 'new-1') }), undefined],
    ['one stays in other case', wanted(), lowerCase(found({ thumbprints: pair('old', 'new-1') })), undefined],
    ['the digest is another', wanted({ ...named, ...sha256 }), found(), undefined],
    [
      'the digest is another, and one is swapped',
      wanted({ ...named, ...sha256 }),
      found({ thumbprints: pair('x', 'new-1') }),
      undefined,
    ],
    ['the digest is another, and unknown', wanted(sha256), found(), 'all-certificates'],
    ['the hub has no thumbprints', wanted(), found({ thumbprints: {} }), undefined],
    ['the hub has empty thumbprints', wanted(), found({ thumbprints: { primary: '', secondary: '' } }), undefined],
    ['it signs in with symmetric keys', wanted(), found({ authentication: 'sas', thumbprints: {} }), 'symmetric-key'],
    [
      'it signs in by an authority',
      wanted(),
      found({ authentication: 'certificateAuthority', thumbprints: {} }),
      'authority',
    ],
    ['it cannot sign in at all', wanted(), found({ authentication: 'none', thumbprints: {} }), undefined],
    [
      'a disabled device is cut off for good',
      wanted(),
      found({ status: 'disabled', thumbprints: pair('a', 'b') }),
      'all-certificates',
    ],
  ])('%s', (_, identity, device, why) => {
    const { change, rules, findings } = planned(identity, device, { adopt: true, allowLockout: false });
    expect(rules).toEqual(why === undefined ? [] : ['plan/lockout']);
    const said =
      why === undefined ? [] : [{ ...told('plan/lockout', { id: 'edge-001', why }), device: 'edge-001', hub }];
    expect(findings).toMatchObject(said);
    expect(change.kind).toBe(why === undefined ? 'update' : 'blocked');
    const allowed = planned(identity, device, everything);
    expect(allowed.rules).toEqual([]);
    expect(allowed.change.kind).toBe('update');
  });

  it('carries the reasons, and stands at the thumbprint or the certificate that the manifest names', () => {
    const device = found({ thumbprints: pair('old-1', 'old-2') });
    const byCertificate = planned(wanted(), device);
    expect(byCertificate.change).toMatchObject({ kind: 'blocked', found: device });
    expect('reasons' in byCertificate.change && byCertificate.change.reasons).toHaveLength(2);
    const { device: plain, ...rest } = wanted();
    const given = { ...rest, device: { ...plain, thumbprints: { primary: digest('new-1') } } };
    expect(byCertificate.findings[0]?.place).toEqual(plain.place('certificates.primary'));
    expect(planned(given, device).findings[0]?.place).toEqual(plain.place('thumbprints.primary'));
  });
});

describe('a foreign device', () => {
  it.each<[string, Partial<RegisteredDevice>, Foreignness]>([
    ['a leaf device', { edge: false }, { edge: false, authentication: 'selfSigned' }],
    ['keys', { authentication: 'sas' }, { edge: true, authentication: 'sas' }],
    [
      'an authority',
      { authentication: 'certificateAuthority' },
      { edge: true, authentication: 'certificateAuthority' },
    ],
    ['nothing', { authentication: 'none' }, { edge: true, authentication: 'none' }],
    ['a leaf device with keys', { authentication: 'sas', edge: false }, { edge: false, authentication: 'sas' }],
  ])('is a conflict until it is adopted: %s', (_, parts, foreignness) => {
    const { change, findings } = planned(wanted(), found(parts));
    expect(change.kind).toBe('conflict');
    expect(findings[0]).toMatchObject({ rule: 'plan/foreign', severity: 'error', device: 'edge-001', hub });
    const place = wanted().device.place('id');
    expect(findings[0]).toMatchObject({ ...told('plan/foreign', { id: 'edge-001', ...foreignness }), place });
    expect(planned(wanted(), found(parts), everything)).toMatchObject({ change: { kind: 'update' }, rules: [] });
  });

  it.each([
    [{ adopt: false, allowLockout: false }, 'conflict', ['plan/foreign', 'plan/lockout']],
    [{ adopt: false, allowLockout: true }, 'conflict', ['plan/foreign']],
    [{ adopt: true, allowLockout: false }, 'blocked', ['plan/lockout']],
    [{ adopt: true, allowLockout: true }, 'update', []],
  ])('with symmetric keys needs both permissions: %j', (allowed, kind, rules) => {
    const result = planned(wanted(), found({ authentication: 'sas', thumbprints: {} }), allowed);
    expect(result).toMatchObject({ change: { kind }, rules });
  });
});

describe('re-enabling', () => {
  it.each<[string, Identity, RegisteredDevice, readonly string[]]>([
    ['disabled, wanted enabled', wanted({ status: 'enabled' }), found({ status: 'disabled' }), ['plan/re-enable']],
    ['disabled, nothing said', wanted(), found({ status: 'disabled' }), []],
    ['enabled, wanted disabled', wanted({ status: 'disabled' }), found(), []],
  ])('%s', (_, identity, device, rules) => {
    expect(planned(identity, device).rules).toEqual(rules);
  });

  it('is a change with its own reason, and the warning says why it was disabled', () => {
    const device = found({ status: 'disabled', statusReason: 'stolen' });
    const { change, findings } = planned(wanted({ status: 'enabled' }), device);
    expect(change).toMatchObject({
      kind: 'update',
      reasons: [{ field: 'status', before: 'disabled', after: 'enabled' }],
      registration: { status: 'enabled', statusReason: 'stolen' },
    });
    expect(findings[0]).toMatchObject({ severity: 'warning', device: 'edge-001' });
    expect(findings).toMatchObject([told('plan/re-enable', { id: 'edge-001', reason: 'stolen' })]);
  });

  it('is blocked where the workflow makes it an error', () => {
    const rules = new Map([['plan/re-enable', 'error' as const]]);
    const device = found({ status: 'disabled' });
    const { value, findings } = planDevice(hub, wanted({ status: 'enabled' }), device, { ...strict, rules });
    expect(value.kind).toBe('blocked');
    expect(findings).toMatchObject([{ rule: 'plan/re-enable', severity: 'error' }]);
  });

  it('of a device that would be locked out is told beside the error', () => {
    const device = found({ status: 'disabled', thumbprints: pair('a', 'b') });
    expect(planned(wanted({ status: 'enabled' }), device).rules).toEqual(['plan/lockout', 'plan/re-enable']);
  });
});

describe('max-changes', () => {
  it.each([
    ['30%', 0.3],
    ['12.5%', 0.125],
    [' 100% ', 1],
    ['0%', 0],
  ])('reads the share %s', (text, share) => {
    expect(readChangeLimit(text)).toEqual({ kind: 'share', share, text: text.trim() });
  });

  it.each([
    ['0', 0],
    ['200', 200],
    [' 12 ', 12],
  ])('reads the number %s', (text, number) => {
    expect(readChangeLimit(text)).toEqual({ kind: 'number', number, text: text.trim() });
  });

  it.each(['', '%', '-1', '101%', '100.1%', '1.5', '1e3', 'all', '30 %', '30%%', '.5%', '1,5%', '9999999999', '0x10'])(
    'reads nothing from %j',
    (text) => {
      expect(readChangeLimit(text)).toBeUndefined();
    },
  );

  it.each<[limit: string, updates: number, unchanged: number, creates: number, passes: boolean]>([
    ['0', 10, 0, 0, true],
    ['0', 11, 0, 0, false],
    ['0%', 10, 1000, 0, true],
    ['0%', 11, 1000, 0, false],
    ['30%', 10, 0, 0, true],
    ['30%', 30, 70, 0, true],
    ['30%', 31, 69, 0, false],
    ['29%', 29, 71, 0, true],
    ['12.5%', 12, 88, 0, true],
    ['12.5%', 13, 87, 0, false],
    ['100%', 50, 0, 0, true],
    ['20', 20, 0, 0, true],
    ['20', 21, 1000, 0, false],
    ['0', 0, 0, 500, true],
    ['30%', 30, 70, 500, true],
    ['30%', 31, 69, 500, false],
  ])('%s: %i updates, %i unchanged, %i new pass: %s', (limit, updates, unchanged, creates, passes) => {
    const { findings, changes } = planMany(limit, { updates, unchanged, creates });
    expect(findings.map(({ rule }) => rule)).toEqual(passes ? [] : ['plan/too-many-changes']);
    for (const { place } of findings) expect(place).toMatchObject({ file: 'devices.yaml' });
    expect(changes).toHaveLength(updates + unchanged + creates);
  });

  it('tells the number, the devices found, and the hub', () => {
    const { findings } = planMany('10%', { updates: 40, unchanged: 60, creates: 7 });
    expect(findings).toEqual([expect.objectContaining({ severity: 'error', hub })]);
    expect(findings).toMatchObject([told('plan/too-many-changes', { changes: 40, known: 100, limit: '10%' })]);
    expect(findings[0]?.message).toContain('(10%)');
  });
});

describe('a plan', () => {
  const options: PlanOptions = { ...strict, maxChanges: readChangeLimit('30%')! };

  it('has one change a device, in the order of the fleet, and passes over devices that are not in it', () => {
    const ids = ['c', 'a', 'b'];
    const hubs = new Map([
      [idOf('a'), found({ id: idOf('a') })],
      [idOf('b'), found({ id: idOf('b'), thumbprints: pair('new-1', 'old') })],
      [idOf('other'), found({ id: idOf('other') })],
    ]);
    const identities = ids.map((id) => wanted({ id }));
    const { value, findings } = plan(hub, identities, hubs, options);
    expect(value.map(({ id, kind }) => [id, kind])).toEqual([
      ['c', 'create'],
      ['a', 'unchanged'],
      ['b', 'update'],
    ]);
    expect(findings).toEqual([]);
  });

  it('refuses to remove the parent of a device that stays', () => {
    const gateway = found({ id: idOf('gateway'), twin: twinOf(ours), deviceScope: 'ms-azure-iot-edge://gateway-1' });
    const child = found({ id: idOf('child'), parentScopes: ['ms-azure-iot-edge://gateway-1'] });
    const { findings } = plan(
      hub,
      [wanted({ id: 'child' })],
      new Map([[child.id, child]]),
      { ...options, owner: ours, prune: 'delete' },
      [{ found: gateway, justNow: false }],
    );
    const place = wanted({ id: 'child' }).device.place('id');
    expect(findings).toEqual([
      { ...told('plan/parent-removed', { id: 'child', parent: 'gateway' }), place, device: 'child', hub },
    ]);
  });

  it('of nothing is nothing', () => {
    expect(plan(hub, [], new Map(), options)).toEqual({ value: [], findings: [], kept: 0 });
  });
});

function planMany(limit: string, counts: { updates: number; unchanged: number; creates: number }) {
  const identities: Identity[] = [];
  const devices = new Map<RegisteredDevice['id'], RegisteredDevice>();
  const add = (name: string, count: number, device: Partial<RegisteredDevice> | undefined) => {
    for (let n = 0; n < count; n++) {
      const id = idOf(`${name}-${n}`);
      identities.push(wanted({ id }));
      if (device !== undefined) devices.set(id, found({ id, ...device }));
    }
  };
  add('update', counts.updates, { thumbprints: pair('new-1', 'old') });
  add('same', counts.unchanged, {});
  add('new', counts.creates, undefined);
  const { value, findings } = plan(hub, identities, devices, { ...strict, maxChanges: readChangeLimit(limit)! });
  return { changes: value, findings };
}

function pair(primary: string, secondary: string) {
  return { primary: digest(primary), secondary: digest(secondary) };
}

function lowerCase(device: RegisteredDevice): RegisteredDevice {
  const entries = Object.entries(device.thumbprints).map(([slot, text]) => [slot, text.toLowerCase()]);
  return { ...device, thumbprints: Object.fromEntries(entries) };
}
