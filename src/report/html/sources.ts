import type { Bundle } from '../../model/bundle.ts';
import { devicesOf } from '../../model/finding.ts';
import type { Device, DeviceId } from '../../model/fleet.ts';
import type { Identity } from '../../model/identity.ts';
import { type Change, type DeviceOutcome, key } from '../../model/plan.ts';
import type { Report } from '../../model/report.ts';
import { byDevice, type DeviceGroup, type Sign } from '../device-groups.ts';
import { statementOf } from '../sections.ts';
import type { Need } from './view.ts';

/** All that a report knows of one device. */
export interface DeviceSource {
  readonly id: string;
  /** Empty if it is not known. */
  readonly hub: string;
  readonly need: Need;
  /** Absent if nothing happens to it. */
  readonly sign?: Sign | undefined;
  /** Absent if no manifest declares it any more. */
  readonly device?: Device | undefined;
  readonly identity?: Identity | undefined;
  readonly change?: Change | undefined;
  readonly outcome?: DeviceOutcome | undefined;
  readonly bundle?: Bundle | undefined;
  /** How `render` found its bundle; absent for other commands. */
  readonly rendered?: Rendered | undefined;
}

export type Rendered = 'added' | 'changed' | 'same';

/** Returns the devices that the manifests declare, in their order, and then those that only the hub has. */
export function sourcesOf(report: Report): readonly DeviceSource[] {
  const { fleet, changes, outcomes, findings } = report;
  const changed = byDevice(changes);
  const ended = new Map(outcomes.map((outcome) => [key(outcome), outcome]));
  const identities = new Map(fleet?.identities.map((identity) => [keyOf(identity.device), identity]));
  const bundles = new Map(fleet?.bundles.map((bundle) => [key(bundle), bundle]));
  const said = saidGroups(report);
  const faulty = new Set(findings.flatMap((one) => (one.severity === 'error' ? devicesOf(one) : [])));
  const renderedOf = renderedIn(report);
  const declared = fleet?.devices ?? changes.flatMap((change) => ('identity' in change ? change.identity.device : []));
  const devices = new Map(declared.map((device) => [keyOf(device), device]));
  const all = new Map([...devices.keys(), ...changed.keys(), ...ended.keys()].map((one) => [one, devices.get(one)]));
  return [...all].map(([one, device]) => {
    const change = changed.get(one);
    const outcome = ended.get(one);
    const id = device?.id ?? change?.id ?? outcome?.device ?? '';
    const group = said.get(one);
    const bundle = bundles.get(one);
    const rendered = bundle === undefined ? undefined : renderedOf(bundle.device);
    const isChanged = group !== undefined || rendered === 'added' || rendered === 'changed';
    return {
      id,
      hub: device?.hub ?? change?.hub ?? outcome?.hub ?? '',
      need: group?.needsPerson === true || faulty.has(id) ? 'attention' : isChanged ? 'changed' : 'same',
      sign: group?.sign ?? (faulty.has(id) ? '!' : signs[rendered ?? 'same']),
      device,
      identity: identities.get(one) ?? (change !== undefined && 'identity' in change ? change.identity : undefined),
      change,
      outcome,
      bundle,
      rendered,
    };
  });
}

const signs = { added: '+', changed: '~', same: undefined } as const satisfies Record<Rendered, Sign | undefined>;

/** How `render` found the bundle of a device: where the folder held none before, all are new. */
function renderedIn({ result, bundleChanges }: Report): (device: DeviceId) => Rendered | undefined {
  if (result !== 'rendered') return () => undefined;
  if (bundleChanges === undefined) return () => 'added';
  const [added, changed] = [new Set(bundleChanges.added), new Set(bundleChanges.changed)];
  return (device) => (added.has(device) ? 'added' : changed.has(device) ? 'changed' : 'same');
}

const keyOf = ({ id, hub }: Device) => key({ device: id, hub });

/** What the sections about devices say of each. The first one counts, since those that need a person come first. */
function saidGroups(
  report: Report,
): ReadonlyMap<string, Pick<DeviceGroup, 'sign'> & { readonly needsPerson: boolean }> {
  const said = new Map<string, { readonly sign: Sign; readonly needsPerson: boolean }>();
  for (const section of statementOf(report, 'runner').sections) {
    if (section.kind !== 'devices') continue;
    for (const { hub, sign, devices } of section.groups) {
      for (const device of devices) {
        const one = key({ device, hub });
        if (!said.has(one)) said.set(one, { sign, needsPerson: section.needsPerson });
      }
    }
  }
  return said;
}
