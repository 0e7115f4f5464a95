import { readBases } from './bundle/base/read.ts';
import { withParentHostnames } from './bundle/config/parent.ts';
import { renderBundles } from './bundle/render.ts';
import { type Assigned, assignHubs } from './hub/allowed.ts';
import { identify, noFiles } from './identity/identify.ts';
import { findPrivateKeys } from './identity/keys.ts';
import { readFleet } from './manifest/read.ts';
import type { Bundle } from './model/bundle.ts';
import type { Finding, Judged } from './model/finding.ts';
import type { Device, Fleet } from './model/fleet.ts';
import type { Identity } from './model/identity.ts';
import type { Report } from './model/report.ts';
import type { Workspace } from './model/workspace.ts';
import type { OnceDeclared } from './once-declared.ts';
import type { Request, World } from './run.ts';

/** The fleet after every check that needs no hub. */
export interface Checked {
  /** Those of the hubs in this run. */
  readonly devices: readonly Device[];
  /** Those of all hubs. */
  readonly all: readonly Device[];
  readonly identities: readonly Identity[];
  readonly bundles: readonly Bundle[];
  readonly findings: readonly Finding[];
}

/** manifest → Fleet → Identities → Bundles, all in memory. */
export async function check(request: Request, { workspace, now }: World): Promise<Checked> {
  const files = noFiles();
  const { fleet, assigned } = await readDevices(request, workspace, files);
  const devices = assigned.value.inRun;
  const options = { now: now(), expiryWarningDays: request.expiryWarningDays };
  const identities = await identify(devices, workspace, options, files);
  const read = new Set(files.opened.keys());
  const keys = await findPrivateKeys(foldersOf(fleet.value.manifests, read), workspace, read);
  // Only these two need the files; everything that can be wrong with them is found without rendering.
  const renders = request.command === 'apply' || request.command === 'render';
  const rendered = renders ? identities.value : [];
  const identified = new Set(rendered.map(({ device }) => device));
  const bases = await readBases(devices, workspace);
  const bundles = await renderBundles(rendered, {
    now: options.now,
    fleet: assigned.value.all,
    bases: bases.value,
    judge: devices.filter((device) => !identified.has(device)),
  });
  const findings = [fleet, assigned, identities, { findings: keys }, bases, bundles].flatMap((stage) => stage.findings);
  return {
    devices,
    all: assigned.value.all,
    identities: identities.value,
    bundles: bundles.value,
    findings: inOrder([...request.findings, ...findings]),
  };
}

/** manifest → Fleet, every device with its hub. `files` keeps the certificates that were read on the way. */
async function readDevices(
  request: Request,
  workspace: Workspace,
  files = noFiles(),
): Promise<{ readonly fleet: Judged<Fleet>; readonly assigned: Judged<Assigned> }> {
  const fleet = await readFleet(request.manifests, workspace, async (paths, placeOf) => {
    // Few manifests name their devices by their certificates.
    const { pairCertificates } = await import('./identity/pairs.ts');
    return pairCertificates(paths, workspace, { placeOf, matched: true, files });
  });
  const assigned = assignHubs(fleet.value, request.hubs, {
    ...(request.onlyHub === undefined ? {} : { onlyHub: request.onlyHub }),
    use: request.command === 'validate' ? 'none' : request.command === 'render' ? 'name' : 'credentials',
  });
  const inRun = withParentHostnames(assigned.value.inRun, assigned.value.all);
  return { fleet, assigned: { ...assigned, value: { ...assigned.value, inRun } } };
}

/** What the default branch once declared, and no manifest of the workspace declares now, on the hubs of this run; none unless the run may remove devices. */
export async function devicesGone(
  request: Request,
  { openHistory, workspace }: World,
  { all }: Checked,
): Promise<readonly OnceDeclared[]> {
  if ((request.plan.prune ?? 'none') === 'none') return [];
  const { onceDeclared, stillDeclared } = await import('./once-declared.ts');
  const declared = new Set(all.map(({ id, hub }) => `${hub}/${id}`));
  const once = await onceDeclared(request.manifests, request.hubs, await openHistory());
  const inRun = once.filter(({ hub }) => request.onlyHub === undefined || hub === request.onlyHub);
  const gone = inRun.filter(({ id, hub }) => !declared.has(`${hub}/${id}`));
  const elsewhere = gone.length === 0 ? new Set() : await stillDeclared(gone, workspace);
  return gone.filter((device) => !elsewhere.has(device));
}

/** For a pull request, what its devices would run otherwise than at its base; whatever was wrong there is past. */
export async function configurationSinceBase(
  request: Request,
  { workspace, openBase }: World,
  { devices }: Checked,
): Promise<Pick<Report, 'configuration'>> {
  const base = await openBase?.();
  if (base === undefined) return {};
  try {
    const { assigned } = await readDevices(request, base.workspace);
    const { configurationChanges } = await import('./bundle/difference.ts');
    const before = { devices: assigned.value.inRun, workspace: base.workspace };
    return { configuration: configurationChanges(before, { devices, workspace }) };
  } finally {
    await base.remove();
  }
}

/** Where private keys are looked for: beside the manifests and beside the certificates they name. */
function foldersOf(manifests: readonly string[], certificates: ReadonlySet<string>): readonly string[] {
  return [...new Set([...manifests, ...certificates].map(folderOf))].sort();
}

function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

/** By place, each fault once: a value of the defaults is judged for every device that inherits it. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const once = new Map(findings.map((f) => [[f.rule, where(f), f.message].join('\n'), f]));
  return [...once.values()].sort((a, b) => (where(a) < where(b) ? -1 : where(a) > where(b) ? 1 : 0));
}

/** Sorts as file, line and column do. */
function where({ place }: Finding): string {
  if (place === undefined) return '';
  return [place.file, String(place.line).padStart(9), String(place.column).padStart(9)].join('\0');
}
