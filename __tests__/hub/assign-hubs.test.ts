import { describe, expect, it } from 'vitest';
import { assignHubs } from '../../src/hub/assign-hubs.ts';
import { hubFault } from '../../src/hub/faults.ts';
import { faultIn, said } from '../support/fault.ts';
import { at, told } from '../support/finding.ts';
import { device, fleet, hubHost } from './devices.ts';

const a = hubHost('a.azure-devices.net');
const b = hubHost('b.azure-devices.net');
const online = { use: 'credentials' } as const;
const inLine = (line: number) => at('devices.yaml', line, 5);

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
      const allowed = ['a.azure-devices.net'];
      expect(findings).toMatchObject([
        { ...told('hub/not-allowed', { hub, allowed }), place: inLine(2), hub, device: 'edge-001' },
      ]);
      expect(findings[0]?.message).toContain(hub);
    },
  );

  it('refuses any hub where the workflow names none', () => {
    const { findings } = assignHubs(fleet(device('edge-001', 3, { hub: a })), [], online);
    const details = { hub: 'a.azure-devices.net', allowed: [] };
    expect(findings).toMatchObject([{ ...told('hub/not-allowed', details), place: inLine(3), device: 'edge-001' }]);
  });

  it('reports a hub of the defaults once, however many devices inherit it', () => {
    const devices = [1, 2, 3].map((n) => device(`edge-00${n}`, n + 5, { hub: 'evil.example.com', hubLine: 2 }));
    const own = device('edge-004', 9, { hub: 'worse.example.com' });
    const { findings } = assignHubs(fleet(...devices, own), [a], online);
    const allowed = ['a.azure-devices.net'];
    expect(findings).toEqual([
      {
        ...told('hub/not-allowed', { hub: 'evil.example.com', allowed }),
        place: inLine(2),
        hub: 'evil.example.com',
        devices: ['edge-001', 'edge-002', 'edge-003'],
      },
      {
        ...told('hub/not-allowed', { hub: 'worse.example.com', allowed }),
        place: inLine(9),
        hub: 'worse.example.com',
        device: 'edge-004',
      },
    ]);
  });

  it.each([{ named: [] }, { named: [a, b] }])('asks for a hub where it has $named.length', ({ named }) => {
    const { value, findings } = assignHubs(fleet(device('edge-001', 3)), named, online);
    expect(findings).toMatchObject([
      { ...told('hub/ambiguous', { allowed: named }), place: inLine(3), device: 'edge-001' },
    ]);
    expect(value.inRun.map(({ hub }) => hub)).toEqual([undefined]);
  });
});

describe('only-hub', () => {
  it('leaves out the devices of other hubs, after it has checked them all', () => {
    const evil = device('edge-003', 5, { hub: 'evil.example.com' });
    const devices = fleet(device('edge-001', 3, { hub: a }), device('edge-002', 4, { hub: b }), evil);
    const { value, findings } = assignHubs(devices, [a, b], { ...online, onlyHub: b });
    expect(value.inRun.map(({ id }) => id)).toEqual(['edge-002']);
    const allowed = ['a.azure-devices.net', 'b.azure-devices.net'];
    expect(findings).toMatchObject([
      { ...told('hub/not-allowed', { hub: 'evil.example.com', allowed }), place: inLine(5), device: 'edge-003' },
    ]);
  });

  it('has to be one of the hubs that the workflow names', () => {
    const run = () => assignHubs(fleet(device('edge-001', 3, { hub: b })), [a], { ...online, onlyHub: b });
    const details = { onlyHub: 'b.azure-devices.net', named: ['a.azure-devices.net'] };
    expect(said(faultIn(run))).toEqual(said(hubFault('only-hub-not-named', details)));
    expect(faultIn(run).kind).toBe('usage');
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
    const allowed = ['a.azure-devices.net', 'b.azure-devices.net'];
    expect(findings).toMatchObject([
      { ...told('hub/not-allowed', { hub: 'evil.example.com', allowed }), place: inLine(4), device: 'y' },
    ]);
    // Connection strings name hubs too, and there are none here.
    expect(assignHubs(devices, [], later).findings).toEqual([]);
  });

  it('keeps to only-hub, and to devices of which nobody knows the hub', () => {
    const devices = fleet(device('x', 3, { hub: a }), device('y', 4, { hub: b }), device('z', 5));
    const { value } = assignHubs(devices, [], { ...offline, onlyHub: a });
    expect(value.inRun.map(({ id }) => id)).toEqual(['x', 'z']);
  });
});
