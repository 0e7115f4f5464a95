import { describe, expect, it } from 'vitest';
import { fleetFindings } from '../../src/hub/fleet-rules.ts';
import { device } from './devices.ts';

const a = { hub: 'a.azure-devices.net' };
const b = { hub: 'b.azure-devices.net' };
const seen = (...devices: Parameters<typeof fleetFindings>[0]) =>
  fleetFindings(devices).map(({ rule, place, message }) => [rule, place?.line, message]);

describe('the same id', () => {
  it('twice on one hub is an error at the later, which names the earlier', () => {
    const message = 'device "edge-001" is already declared at devices.yaml:3';
    expect(seen(device('edge-001', 3, a), device('edge-001', 7, a), device('edge-001', 9, a))).toEqual([
      ['device/duplicate', 7, message],
      ['device/duplicate', 9, message],
    ]);
  });

  it('on two hubs is two devices', () => {
    expect(seen(device('edge-001', 3, a), device('edge-001', 7, b))).toEqual([]);
  });

  it('twice without a hub is an error too', () => {
    expect(seen(device('edge-001', 3), device('edge-001', 7)).map(([rule]) => rule)).toEqual(['device/duplicate']);
  });

  it('in other case is a warning, once for each id', () => {
    const devices = [device('edge-A', 3, a), device('EDGE-a', 4, a), device('edge-a', 5, a), device('EDGE-a', 6, a)];
    expect(seen(...devices).map(([rule, line]) => [rule, line])).toEqual([
      ['device/case-collision', 4],
      ['device/case-collision', 5],
      ['device/duplicate', 6],
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
    ['nowhere', [device('child', 3, { ...a, parent: 'top' })]],
    ['on another hub', [device('child', 3, { ...a, parent: 'top' }), device('top', 4, b)]],
    ['in other case', [device('child', 3, { ...a, parent: 'top' }), device('TOP', 4, a)]],
  ])('that is declared %s is an error', (_, devices) => {
    expect(seen(...devices)).toEqual([
      ['device/parent-unknown', 3, 'parent "top" is not a device of this fleet on a.azure-devices.net'],
    ]);
  });

  it.each([
    ['of one', ['a>a'], ['a → a']],
    ['of two', ['a>b', 'b>a'], ['a → b → a']],
    ['of three with a tail before and behind', ['t>b', 'a>b', 'b>c', 'c>a', 'u>t'], ['a → b → c → a']],
    ['twice', ['a>b', 'b>a', 'c>d', 'd>c'], ['a → b → a', 'c → d → c']],
    ['not at all', ['a>b', 'b>c', 'c', 'd>c'], []],
  ])('in a circle is reported once for the circle: %s', (_, arrows, chains) => {
    const devices = arrows.map((arrow, index) => {
      const [id, parent] = arrow.split('>');
      return device(id!, index + 1, { ...a, ...(parent === undefined ? {} : { parent }) });
    });
    expect(seen(...devices).map(([rule, , message]) => [rule, message])).toEqual(
      chains.map((chain) => ['device/parent-cycle', `parents form a circle: ${chain}`]),
    );
  });

  it('in a circle is reported at its first device', () => {
    const devices = [
      device('t', 1, { ...a, parent: 'b' }),
      device('a', 2, { ...a, parent: 'b' }),
      device('b', 3, { ...a, parent: 'a' }),
    ];
    expect(fleetFindings(devices)).toMatchObject([{ place: { line: 2 }, device: 'a' }]);
  });
});
