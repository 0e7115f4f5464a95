import type { Device } from '../../model/fleet.ts';
import type { Certificate, Identity } from '../../model/identity.ts';
import { ownerText } from '../../model/owner.ts';
import type { Change } from '../../model/plan.ts';
import { mustCarryText, reasonNotes } from '../../model/reasons.ts';
import type { RegisteredDevice } from '../../model/registration.ts';
import type { Report } from '../../model/report.ts';
import { changeEntry, differenceEntry, troubleEntry } from '../device-groups.ts';
import { deviceWord } from '../headline.ts';
import { ownerLabel } from '../owners.ts';
import type { Clean } from './clean.ts';
import type { DeviceSource } from './sources.ts';
import type { CertificateView, DeviceView, FieldView } from './view.ts';
import { words } from './words.ts';

/** The ids of devices by their scopes in the hub, by which a device names its parent. */
export type Scopes = ReadonlyMap<string, string>;

/** In characters. Reasons and values may quote whatever the hub or a manifest says. */
const longestText = 1_500;

/** Writes what is known of a device, all but its findings and its configuration. */
export function deviceView(
  source: DeviceSource,
  report: Report,
  scopes: Scopes,
  clean: Clean,
): Omit<DeviceView, 'findings' | 'configuration'> {
  const { id, hub, need, sign, device, change, bundle, rendered } = source;
  const text = (value: string | undefined, most?: number) =>
    value === undefined || value === '' ? undefined : clean(value, most);
  const found = foundIn(change);
  return {
    id: clean(id),
    hub: clean(hub),
    need,
    sign,
    change: deviceWord(report, change, source.outcome) ?? (rendered === undefined ? '' : words.rendered[rendered]),
    why: text(whyOf(source, report), longestText),
    fields: fieldsOf(change, report, clean),
    status: device?.status ?? found?.status ?? (change?.kind === 'create' ? 'enabled' : undefined),
    statusReason: text(device?.statusReason ?? (device === undefined ? found?.statusReason : undefined)),
    owner: text(found && ownerLabel(found, report.owner)),
    parent: text(parentOf(device, found, scopes)),
    runtime: device && words.runtime(device.runtime.version.text, device.runtime.platform),
    primary: certificateOf(source, 'primary', clean),
    secondary: certificateOf(source, 'secondary', clean),
    uses: device?.identity.slot,
    bundle: text(bundle?.directory),
  };
}

export function foundIn(change: Change | undefined): RegisteredDevice | undefined {
  return change !== undefined && 'found' in change ? change.found : undefined;
}

/** What happens to the device, or why it failed. Empty if its fields say all. */
function whyOf({ change, outcome }: DeviceSource, { command }: Report): string {
  if (outcome?.result === 'failed' || outcome?.result === 'unknown') return troubleEntry(outcome, change).what;
  if (change === undefined) return '';
  const entry = command === 'verify' ? differenceEntry(change) : changeEntry(change);
  const carried = command !== 'verify' && 'mustCarry' in change && change.mustCarry !== undefined;
  return [entry?.what ?? '', ...(carried && change.mustCarry ? [mustCarryText(change.mustCarry)] : [])]
    .filter((text) => text !== '')
    .join('; ');
}

function fieldsOf(change: Change | undefined, { command }: Report, clean: Clean): readonly FieldView[] {
  if (change === undefined) return [];
  const reasons = 'reasons' in change ? change.reasons : [];
  const claim = command !== 'verify' && 'claim' in change ? change.claim : undefined;
  const value = (text: string | null) => (text === null || text === '' ? undefined : clean(text, longestText));
  return [
    ...reasons.map(({ field, before, after, note }) => ({
      name: clean(field),
      before: value(before),
      after: value(after),
      note: note && reasonNotes[note],
    })),
    ...(claim === undefined
      ? []
      : [
          {
            name: 'owner',
            before: claim.before && clean(ownerText(claim.before)),
            after: clean(ownerText(claim.owner)),
          },
        ]),
  ];
}

/** The parent that the manifest names; if it names none, the one that the hub has. */
function parentOf(device: Device | undefined, found: RegisteredDevice | undefined, scopes: Scopes): string | undefined {
  if (device?.parent !== undefined) return device.parent;
  const [scope] = found?.parentScopes ?? [];
  return scope === undefined ? undefined : scopes.get(scope);
}

/** The certificate that the manifest wants in a slot; of a device that only the hub has, the thumbprint that the hub has. */
function certificateOf(
  { identity, device, change }: DeviceSource,
  slot: 'primary' | 'secondary',
  clean: Clean,
): CertificateView | undefined {
  const thumbprint =
    identity?.thumbprints[slot] ?? (device === undefined ? foundIn(change)?.thumbprints[slot] : undefined);
  if (thumbprint === undefined || thumbprint === '') return undefined;
  const certificate = identity === undefined ? undefined : certificateIn(identity, slot);
  return { thumbprint: clean(thumbprint), ...(certificate === undefined ? {} : factsOf(certificate, clean)) };
}

/** The one certificate of a device stands in both slots. */
function certificateIn(
  { certificates, thumbprints }: Identity,
  slot: 'primary' | 'secondary',
): Certificate | undefined {
  const other = slot === 'primary' ? certificates.secondary : certificates.primary;
  return certificates[slot] ?? (thumbprints.primary === thumbprints.secondary ? other : undefined);
}

function factsOf({ path, notBefore, notAfter, key, chain }: Certificate, clean: Clean): Partial<CertificateView> {
  const [issuer] = chain?.issuers ?? [];
  return {
    file: clean(path),
    from: minute(notBefore),
    to: minute(notAfter),
    key: clean(key.name),
    issuer: issuer && clean(issuer.subject),
  };
}

/** A time in ISO 8601, to the minute. A certificate may hold one that no calendar has. */
function minute(time: Date): string | undefined {
  return Number.isNaN(time.getTime()) ? undefined : `${time.toISOString().slice(0, -8)}Z`;
}
