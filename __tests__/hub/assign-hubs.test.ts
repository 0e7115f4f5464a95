import { describe, expect, it } from 'vitest';
import { assignHubs } from '../../src/hub/assign-hubs.ts';
import { device, fleet, hubHost } from './devices.ts';

const a = hubHost('a.azure-devices.net');
const b = hubHost('b.azure-devices.net');
const online = { use: 'credentials' } as const;

describe('a run that uses credentials', () => {
  it('takes a hub that the workflow names', () => {
    const { value, findings } = assignHubs(fleet(device('edge-001', 3, { hub: a })), [a, b], online);
    expect(value.inRun.map(({ hub }) => hub)).toEqual([a]);
    expect(findings).toEqual([]);
  });

  it('gives its one hub to devices that name none', () => {
    const { value, findings } = assignHubs(
      fleet(device('edge-001', 3), device('edge-002', 4, { hub: a })),
      [a],
      online,
    );
    expect(value.inRun.map(({ hub }) => hub)).toEqual([a, a]);
    expect(findings).toEqual([]);
  });

  it.each(['evil.example.com', 'xa.azure-devices.net', 'a.azure-devices.net.evil.com', 'a.azure-devices.net:8443'])(
    'refuses %s, which the workflow does not name',
    (hub) => {
      const { findings } = assignHubs(fleet(device('edge-001', 3, { hub, hubLine: 2 })), [a], online);
      expect(findings).toMatchObject([
        { rule: 'hub/not-allowed', severity: 'error', place: { line: 2 }, hub, device: 'edge-001' },
      ]);
      expect(findings[0]?.message).toContain(hub);
    },
  );

  it('refuses any hub where the workflow names none', () => {
    const { findings } = assignHubs(fleet(device('edge-001', 3, { hub: a })), [], online);
    expect(findings.map(({ rule }) => rule)).toEqual(['hub/not-allowed']);
  });

  it('reports a hub of the defaults once, however many devices inherit it', () => {
    const devices = [1, 2, 3].map((n) => device(`edge-00${n}`, n + 5, { hub: 'evil.example.com', hubLine: 2 }));
    const own = device('edge-004', 9, { hub: 'worse.example.com' });
    const { findings } = assignHubs(fleet(...devices, own), [a], online);
    expect(findings.map(({ place, device }) => [place?.line, device])).toEqual([
      [2, undefined],
      [9, 'edge-004'],
    ]);
  });

  it.each([{ named: [] }, { named: [a, b] }])('asks for a hub where it has $named.length', ({ named }) => {
    const { value, findings } = assignHubs(fleet(device('edge-001', 3)), named, online);
    expect(findings).toMatchObject([{ rule: 'hub/ambiguous', place: { line: 3 }, device: 'edge-001' }]);
    expect(value.inRun.map(({ hub }) => hub)).toEqual([undefined]);
  });
});

describe('only-hub', () => {
  it('leaves out the devices of other hubs, after it has checked them all', () => {
    const evil = device('edge-003', 5, { hub: 'evil.example.com' });
    const devices = fleet(device('edge-001', 3, { hub: a }), device('edge-002', 4, { hub: b }), evil);
    const { value, findings } = assignHubs(devices, [a, b], { ...online, onlyHub: b });
    expect(value.inRun.map(({ id }) => id)).toEqual(['edge-002']);
    expect(findings).toMatchObject([{ rule: 'hub/not-allowed', device: 'edge-003' }]);
  });

  it('has to be one of the hubs that the workflow names', () => {
    const run = () => assignHubs(fleet(device('edge-001', 3, { hub: b })), [a], { ...online, onlyHub: b });
    expect(run).toThrow(expect.objectContaining({ kind: 'usage', message: expect.stringContaining(b) }));
  });
});

describe('a run without credentials', () => {
  const offline = { use: 'none' } as const;

  it("takes the manifest's hub as it is", () => {
    const { value, findings } = assignHubs(fleet(device('edge-001', 3, { hub: b })), [a], offline);
    expect(value.inRun.map(({ hub }) => hub)).toEqual([b]);
    expect(findings).toEqual([]);
  });

  it.each([
    { named: [a], hub: a },
    { named: [a, b], hub: undefined },
    { named: [], hub: undefined },
  ])('gives a device without hub the one of the run: $hub', ({ named, hub }) => {
    const { value, findings } = assignHubs(fleet(device('edge-001', 3)), named, offline);
    expect(value.inRun.map((found) => found.hub)).toEqual([hub]);
    expect(findings).toEqual([]);
  });

  it('in place of a plan refuses what the plan would be refused, as far as it knows', () => {
    const later = { use: 'later' } as const;
    const devices = fleet(device('x', 3, { hub: a }), device('y', 4, { hub: 'evil.example.com' }), device('z', 5));
    const { findings } = assignHubs(devices, [a, b], later);
    expect(findings).toMatchObject([{ rule: 'hub/not-allowed', place: { line: 4 }, device: 'y' }]);
    // Connection strings name hubs too, and there are none here.
    expect(assignHubs(devices, [], later).findings).toEqual([]);
  });

  it('keeps to only-hub, and to devices of which nobody knows the hub', () => {
    const devices = fleet(device('x', 3, { hub: a }), device('y', 4, { hub: b }), device('z', 5));
    const { value } = assignHubs(devices, [], { ...offline, onlyHub: a });
    expect(value.inRun.map(({ id }) => id)).toEqual(['x', 'z']);
  });
});
