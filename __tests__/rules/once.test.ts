import { describe, expect, it } from 'vitest';
import type { Finding, Subject } from '../../src/model/finding.ts';
import { once } from '../../src/rules/once.ts';
import { finding } from '../../src/rules/rules.ts';
import { at, told } from '../support/finding.ts';
import { manyIds } from '../support/fleet.ts';

const ids = manyIds(1000);
const place = at('devices.yaml', 3, 5);

const missing = (path: string, subject: Subject = {}): Finding =>
  finding('certificate/missing', { path }, { place, ...subject });
const expired = (device: string, notAfter: string, more: Subject = {}) => {
  return finding('certificate/expired', { path: `certs/${device}.pem`, notAfter }, { place, device, ...more });
};

describe('findings at one place', () => {
  it('that are equal are one, with all their devices', () => {
    const findings = once(ids.map((device) => missing('none.pem', { device })));
    expect(findings).toEqual([{ ...told('certificate/missing', { path: 'none.pem' }), place, devices: ids }]);
  });

  it('that are equal apart from the id are one, with {id} for it', () => {
    const findings = once(ids.map((device) => missing(`certs/${device}.pem`, { device })));
    expect(findings).toEqual([{ ...told('certificate/missing', { path: 'certs/{id}.pem' }), place, devices: ids }]);
  });

  it('take an id for one only where it is a word', () => {
    const [found, ...others] = once(
      ['1', '2'].map((device) => missing(`certs/v${device}1/1${device}/${device}`, { device })),
    );
    expect(others).toEqual([]);
    expect(found?.each?.map(({ message }) => message)).toEqual(
      ['certs/v11/11/1', 'certs/v21/12/2'].map((path) => missing(path).message),
    );
  });

  it('that are equal apart from an id that is a word of the text are one', () => {
    const letters = ['b', 'a', 'c', 'd'];
    expect(missing('x').remedy).toMatch(/\bor\b/);
    for (const ids of [letters, ['or', 'b', 'c'], ['b', 'or']]) {
      const findings = once(ids.map((device) => missing(`certs/${device}.pem`, { device })));
      expect(findings).toEqual([{ ...told('certificate/missing', { path: 'certs/{id}.pem' }), place, devices: ids }]);
    }
  });

  it('that say something else of each device are one, which quotes the first', () => {
    const days = ids.map((_, index) => new Date(index * 86_400_000).toISOString());
    const all = ids.map((device, index) => expired(device, days[index]!));
    const [found, ...others] = once(all);
    expect(others).toEqual([]);
    expect(found?.devices).toEqual(ids);
    expect(found?.each).toEqual(all.map(({ device, message }) => ({ device, message })));
    for (const { message } of all.slice(0, 3)) expect(found?.message).toContain(message);
    expect(found?.message).not.toContain(all[3]!.message);
    expect(found?.message).toContain('997');
  });

  it('of one device stay apart', () => {
    const two = [expired('a', '2020'), expired('a', '2021')];
    expect(once(two)).toEqual(two);
    expect(once([...two, expired('b', '2020'), expired('b', '2022')]).map(({ devices }) => devices)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('without a device stay apart where they say something else', () => {
    expect(once([missing('a'), missing('b'), missing('a')])).toEqual([missing('a'), missing('b')]);
  });

  it('without a place are one only where they are equal', () => {
    const nowhere = { place: undefined };
    const all = [expired('a', '2020', nowhere), expired('b', '2020', nowhere), expired('c', '2021', nowhere)];
    expect(once(all).map(({ device, devices }) => device ?? devices)).toEqual([['a', 'b'], 'c']);
  });

  it('of one device are left as they are', () => {
    expect(once([missing('certs/edge-001.pem', { device: 'edge-001', hub: 'a.b' })])).toEqual([
      missing('certs/edge-001.pem', { device: 'edge-001', hub: 'a.b' }),
    ]);
  });

  it('name a hub only where all devices have it', () => {
    const of = (...hubs: readonly string[]) =>
      once(hubs.map((hub, index) => missing('x', { device: `d${index}`, hub })));
    expect(of('a.b', 'a.b').map(({ hub }) => hub)).toEqual(['a.b']);
    expect(of('a.b', 'c.d').map(({ hub }) => hub)).toEqual([undefined]);
    expect(of('a.b', 'c.d', 'a.b').map(({ hub }) => hub)).toEqual([undefined]);
  });

  it('may be given again, in parts', () => {
    const all = [
      ...ids.map((device, index) => expired(device, String(index % 400))),
      ...ids.map((device) => missing(device, { device })),
    ];
    const parts = [all.slice(0, 700), all.slice(700, 1200), all.slice(1200)];
    expect(once(parts.flatMap((part) => once(part)))).toEqual(once(all));
  });
});

describe('findings at several places', () => {
  const subject = (device: string, line: number) => ({ device, place: at('devices.yaml', line, 1) });

  it('that are equal are one, at the first place, with the place of each device', () => {
    const all = [missing('x', subject('a', 1)), missing('x', subject('b', 2)), missing('x', subject('c', 2))];
    expect(once(all)).toEqual([
      {
        ...missing('x'),
        place: at('devices.yaml', 1, 1),
        devices: ['a', 'b', 'c'],
        places: [1, 2, 2].map((line, n) => ({ device: 'abc'.charAt(n), place: at('devices.yaml', line, 1) })),
      },
    ]);
    const other = { device: 'd', place: at('other.yaml', 1, 1) };
    expect(once([...all, missing('x', other)]).map(({ devices }) => devices)).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('of one device stay apart, and so do those of no device', () => {
    const places = [1, 2, 3].map((line) => subject('a', line));
    const ofOne = places.map((one) => missing('x', one));
    expect(once(ofOne)).toEqual(ofOne);
    expect(once([...ofOne, ...ofOne])).toEqual(ofOne);
    const ofNone = places.map(({ place }) => missing('x', { place }));
    expect(once(ofNone)).toEqual(ofNone);
    const twice = once([...ofOne, ...places.map(({ place }) => missing('x', { place, device: 'b' }))]);
    expect(twice.map(({ devices, place: first }) => [devices, first?.line])).toEqual([
      [['a', 'b'], 1],
      [['a', 'b'], 2],
      [['a', 'b'], 3],
    ]);
  });

  it('stay apart where they are errors that say something else', () => {
    const all = [expired('a', '2020', subject('a', 1)), expired('b', '2021', subject('b', 2))];
    expect(once(all)).toEqual(all);
  });

  it('are one for each file where they are warnings or notices that say something else', () => {
    const warn = (id: string, notAfter: string, file: string, line: number): Finding => {
      return { ...expired(id, notAfter), severity: 'warning', remedy: 'Renew it.', place: at(file, line, 1) };
    };
    const all = ids.map((id, n) => warn(id, String(n), 'devices.yaml', n + 1));
    const [found, ...others] = once([...all, warn('z', 'z', 'other.yaml', 1)]);
    expect(found).toMatchObject({ devices: ids, place: at('devices.yaml', 1, 1) });
    expect(found?.each).toHaveLength(1000);
    expect(found?.places?.[999]).toEqual({ device: ids[999], place: at('devices.yaml', 1000, 1) });
    expect(others.map(({ device }) => device)).toEqual(['z']);
  });

  it('may be given again, in parts', () => {
    const all = [
      ...ids.map((id, n) => missing(`certs/${id}.pem`, subject(id, n + 1))),
      ...ids.map((id, n) => ({
        ...expired(id, String(n % 40)),
        severity: 'warning' as const,
        place: at('a.yaml', n + 1, 1),
      })),
    ];
    const parts = [all.slice(0, 700), all.slice(700, 1200), all.slice(1200)];
    expect(once(parts.flatMap((part) => once(part)))).toEqual(once(all));
  });

  it.each([
    ['plan/lockout', (id: string) => finding('plan/lockout', { id, why: 'all-certificates' }, subject(id, 7))],
    [
      'plan/carried-certificate',
      (id: string) =>
        finding('plan/carried-certificate', { id, carried: 'known', slot: 'primary', staged: true }, subject(id, 7)),
    ],
    [
      'plan/inactive-device',
      (id: string, index: number) =>
        finding(
          'plan/inactive-device',
          { id, slot: 'primary', active: index * 86_400_000, staged: 1e12 },
          subject(id, 7),
        ),
    ],
  ] as const)('are one at the first place where a commit does it to a fleet: %s', (rule, make) => {
    const moved = ids.map((id, index) => ({ ...make(id, index), place: at('devices.yaml', index + 1, 1) }));
    expect(once(moved)).toMatchObject([{ rule, devices: ids, place: at('devices.yaml', 1, 1) }]);
  });
});
