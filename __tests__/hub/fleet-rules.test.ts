import { describe, expect, it } from 'vitest';
import { fleetFindings } from '../../src/hub/fleet-rules.ts';
import { at, told } from '../support/finding.ts';
import { device } from './devices.ts';

const a = { hub: 'a.azure-devices.net' };
const b = { hub: 'b.azure-devices.net' };
const seen = (...devices: Parameters<typeof fleetFindings>[0]) => fleetFindings(devices);
const inLine = (line: number) => at('devices.yaml', line, 5);

describe('the same id', () => {
  it('twice on one hub is an error at the later, which names the earlier', () => {
    const duplicate = {
      ...told('device/duplicate', { id: 'edge-001', first: 'devices.yaml:3' }),
      device: 'edge-001',
      hub: a.hub,
    };
    expect(seen(device('edge-001', 3, a), device('edge-001', 7, a), device('edge-001', 9, a))).toEqual([
      { ...duplicate, place: inLine(7) },
      { ...duplicate, place: inLine(9) },
    ]);
  });

  it('on two hubs is two devices', () => {
    expect(seen(device('edge-001', 3, a), device('edge-001', 7, b))).toEqual([]);
  });

  it('twice without a hub is an error too', () => {
    expect(seen(device('edge-001', 3), device('edge-001', 7))).toEqual([
      {
        ...told('device/duplicate', { id: 'edge-001', first: 'devices.yaml:3' }),
        place: inLine(7),
        device: 'edge-001',
        hub: undefined,
      },
    ]);
  });

  it('in other case is a warning, once for each id', () => {
    const devices = [device('edge-A', 3, a), device('EDGE-a', 4, a), device('edge-a', 5, a), device('EDGE-a', 6, a)];
    const first = { other: 'edge-A', first: 'devices.yaml:3' };
    expect(seen(...devices)).toMatchObject([
      { ...told('device/case-collision', { id: 'EDGE-a', ...first }), place: inLine(4), device: 'EDGE-a' },
      { ...told('device/case-collision', { id: 'edge-a', ...first }), place: inLine(5), device: 'edge-a' },
      { ...told('device/duplicate', { id: 'EDGE-a', first: 'devices.yaml:4' }), place: inLine(6), device: 'EDGE-a' },
    ]);
    expect(fleetFindings(devices)[0]).toMatchObject({ severity: 'warning', device: 'EDGE-a', hub: a.hub });
  });

  it('in other case on another hub is nothing', () => {
    expect(seen(device('edge-A', 3, a), device('edge-a', 4, b))).toEqual([]);
  });
});

describe('a parent', () => {
  it('may be declared before or after', () => {
    expect(
      seen(device('child', 3, { ...a, parent: 'top' }), device('top', 4, a), device('two', 5, { ...a, parent: 'top' })),
    ).toEqual([]);
  });

  it.each([
    ['nowhere', [device('child', 3, { ...a, parent: 'top' })], 'a.azure-devices.net'],
    ['on another hub', [device('child', 3, { ...a, parent: 'top' }), device('top', 4, b)], 'a.azure-devices.net'],
    ['in other case', [device('child', 3, { ...a, parent: 'top' }), device('TOP', 4, a)], 'a.azure-devices.net'],
    ['nowhere, where the hub is not known', [device('child', 3, { parent: 'top' })], undefined],
  ])('that is declared %s is an error', (_, devices, hub) => {
    expect(seen(...devices)).toEqual([
      { ...told('device/parent-unknown', { parent: 'top', hub }), place: inLine(3), device: 'child', hub },
    ]);
  });

  it.each([
    ['of one', ['a>a'], ['a a']],
    ['of two', ['a>b', 'b>a'], ['a b a']],
    ['of three with a tail before and behind', ['t>b', 'a>b', 'b>c', 'c>a', 'u>t'], ['a b c a']],
    ['twice', ['a>b', 'b>a', 'c>d', 'd>c'], ['a b a', 'c d c']],
    ['not at all', ['a>b', 'b>c', 'c', 'd>c'], []],
  ])('in a circle is reported once for the circle: %s', (_, arrows, chains) => {
    const devices = arrows.map((arrow, index) => {
      const [id, parent] = arrow.split('>');
      return device(id!, index + 1, { ...a, ...(parent === undefined ? {} : { parent }) });
    });
    expect(seen(...devices)).toMatchObject(
      chains.map((chain) => told('device/parent-cycle', { chain: chain.split(' ') })),
    );
  });

  it('in a circle is reported at its first device', () => {
    const devices = [
      device('t', 1, { ...a, parent: 'b' }),
      device('a', 2, { ...a, parent: 'b' }),
      device('b', 3, { ...a, parent: 'a' }),
    ];
    expect(fleetFindings(devices)).toMatchObject([
      { ...told('device/parent-cycle', { chain: ['a', 'b', 'a'] }), place: inLine(2), device: 'a' },
    ]);
  });

  it('with another name of the hub is an error at the hub of the child', () => {
    const top = device('top', 4, { ...a, hubForm: 'device' });
    const details = {
      id: 'child',
      parent: 'top',
      given: 'a.azure-devices.net',
      ofParent: 'a.device.azure-devices.net',
    };
    expect(seen(device('child', 3, { ...a, parent: 'top', hubLine: 1 }), top)).toMatchObject([
      { ...told('device/parent-hub-name', details), place: inLine(1), device: 'child' },
    ]);
    expect(seen(device('child', 3, { ...a, hubForm: 'device', parent: 'top' }), top)).toEqual([]);
    expect(seen(device('child', 3, { ...a, hubForm: 'classic', parent: 'two' }), device('two', 4, a))).toEqual([]);
  });
});
