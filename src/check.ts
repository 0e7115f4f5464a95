import { createHash } from 'node:crypto';
import { readBases } from './bundle/base/read.ts';
import { judgeParentHostnames, withParentHostnames } from './bundle/config/parent.ts';
import type { UnreadFile } from './bundle/difference.ts';
import { renderBundles } from './bundle/render.ts';
import { type Assigned, type AssignOptions, assignHubs } from './hub/assign-hubs.ts';
import { largestCertificate } from './identity/certificate.ts';
import { identify, identifyEarlier, noFiles } from './identity/identify.ts';
import { findPrivateKeys } from './identity/keys.ts';
import { readFleet } from './manifest/read.ts';
import type { Bundle } from './model/bundle.ts';
import { type Finding, type Judged, type RuleChanges, weighed } from './model/finding.ts';
import type { Device, Fleet } from './model/fleet.ts';
import { withoutPort } from './model/hub-name.ts';
import type { Certificate, Identity, PairCertificates } from './model/identity.ts';
import { key, type Past } from './model/plan.ts';
import type { ConfigurationChange } from './model/report.ts';
import { Texts } from './model/texts.ts';
import type { Workspace } from './model/workspace.ts';
import type { GoneDevice } from './removal/declared-elsewhere.ts';
import { once } from './rules/once.ts';
import { finding } from './rules/rules.ts';
import type { BaseFiles, Request, World } from './run/request.ts';

/** The fleet after all checks that need no hub. */
export interface Checked {
  /** The devices of this run's hubs. */
  readonly devices: readonly Device[];
  /** The devices of all hubs, not only of this run's. */
  readonly all: readonly Device[];
  readonly identities: readonly Identity[];
  readonly bundles: readonly Bundle[];
  readonly findings: readonly Finding[];
  /** The texts of the files in which findings have their places. */
  readonly texts: Texts;
  /** How the configuration of devices differs from the base of the pull request. Absent if it is not compared. */
  readonly configuration?: readonly ConfigurationChange[];
  /** The deployment files; absent if the run has none. */
  readonly deployments?: readonly string[];
  /** The files that were read, relative to the workspace, manifests first. */
  readonly files: readonly string[];
  /** When the certificates were judged. */
  readonly at: Date;
}

/** manifest → Fleet → Identities → Bundles, all in memory. */
export async function check(request: Request, world: World): Promise<Checked> {
  if (request.deployments === undefined) return checkDevices(request, world, new Texts());
  // Loaded here only, because most runs have no deployments and have to start fast.
  const { judgeDeployments } = await import('./deployment/judge.ts');
  const texts = new Texts();
  const { value, findings } = await judgeDeployments(
    { ...request.deployments, ...(request.rules === undefined ? {} : { rules: request.rules }) },
    world.workspace,
    texts,
  );
  const devices = (await needsNoManifest(request, world.workspace))
    ? noDevices(request, texts, world.now())
    : await checkDevices(request, world, texts);
  return {
    ...devices,
    deployments: value,
    findings: inOrder(
      [...devices.findings, ...findings, ...(await deploymentsSince(request, world, value, texts))],
      request.rules,
    ),
    files: [...devices.files, ...value],
  };
}

/** What deployments lost since the commit before, if it is at hand. */
async function deploymentsSince(
  { command }: Request,
  { workspace, openBefore }: World,
  files: readonly string[],
  texts: Texts,
): Promise<readonly Finding[]> {
  if (files.length === 0 || (command !== 'plan' && command !== 'validate')) return [];
  const before = await openBefore?.();
  if (before === undefined) return [];
  try {
    const { fewerPieces } = await import('./deployment/since.ts');
    return fewerPieces(files, workspace, before, texts);
  } finally {
    await before.remove();
  }
}

/** A run over deployments needs no devices: the manifest that every run has by default may be missing. */
async function needsNoManifest({ manifests }: Request, workspace: Workspace): Promise<boolean> {
  if (manifests.length === 0) return true;
  const [first = '', ...others] = manifests;
  if (others.length > 0 || first.split('/').at(-1) !== 'devices.yaml') return false;
  return (await workspace.find(manifests)).missing.length > 0;
}

function noDevices({ findings }: Request, texts: Texts, at: Date): Checked {
  return { at, devices: [], all: [], identities: [], bundles: [], findings, texts, files: [] };
}

async function checkDevices(request: Request, world: World, texts: Texts): Promise<Checked> {
  const { workspace, now } = world;
  const files = noFiles();
  const { fleet, assigned } = await readDevices(request, workspace, files, texts);
  const devices = assigned.value.inRun;
  const { rules } = request;
  const options = {
    now: now(),
    expiryWarningDays: request.expiryWarningDays,
    ...(rules === undefined ? {} : { rules }),
  };
  const identities = await identify(devices, workspace, options, files, world.progress.counted);
  const read = new Set(files.opened.keys());
  const keys = await findPrivateKeys(foldersOf(fleet.value.manifests, read), workspace, read);
  // Only these two commands and report.html need the bundles. The others find the same faults without rendering.
  const renders = request.command === 'apply' || request.command === 'render' || request.reportHtml !== undefined;
  const rendered = renders ? identities.value : [];
  const identified = new Set(rendered.map(({ device }) => device));
  const bases = await readBases(devices, workspace, texts);
  const bundles = await renderBundles(rendered, {
    now: options.now,
    rules,
    fleet: assigned.value.all,
    bases: bases.value,
    judge: devices.filter((device) => !identified.has(device)),
  });
  const parents = { findings: judgeParentHostnames(devices, assigned.value.all) };
  const findings = [fleet, assigned, identities, parents, { findings: keys }, bases, bundles].flatMap(
    (stage) => stage.findings,
  );
  const checked = {
    devices,
    all: assigned.value.all,
    identities: identities.value,
    bundles: bundles.value,
    findings: inOrder([...request.findings, ...findings], rules),
    texts,
    files: [...fleet.value.manifests, ...read, ...bases.value.keys()],
    at: options.now,
  };
  const manifests = fleet.value.manifests;
  const { configuration, findings: ofBase } = await configurationSinceBase(request, world, { ...checked, manifests });
  return {
    ...checked,
    findings: inOrder([...checked.findings, ...ofBase], rules),
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** manifest → Fleet, every device with its hub. `files` keeps the certificates that were read. */
async function readDevices(
  request: Request,
  workspace: Workspace,
  files = noFiles(),
  texts = new Texts(),
): Promise<{ readonly fleet: Judged<Fleet>; readonly assigned: Judged<Assigned> }> {
  const pair: PairCertificates = async (paths, placeOf) => {
    // Loaded here only, because few manifests name their devices by certificates.
    const { pairCertificates } = await import('./identity/pairs.ts');
    return pairCertificates(paths, workspace, { placeOf, matched: () => true, files });
  };
  const fleet = await readFleet(request.manifests, workspace, pair, texts);
  const assigned = assignHubs(fleet.value, request.hubs, {
    ...(request.onlyHub === undefined ? {} : { onlyHub: request.onlyHub }),
    use: useOf(request),
  });
  const inRun = withParentHostnames(assigned.value.inRun, assigned.value.all);
  return { fleet, assigned: { ...assigned, value: { ...assigned.value, inRun } } };
}

function useOf({ command, insteadOfPlan }: Request): AssignOptions['use'] {
  if (command === 'validate') return insteadOfPlan === true ? 'later' : 'none';
  return command === 'render' ? 'name' : 'credentials';
}

/**
 * The devices on this run's hubs that the default branch declared before and no manifest of the workspace declares now. None
 * if the run may not remove devices.
 */
export async function devicesGone(
  request: Request,
  { openHistory, workspace }: World,
  { all }: Checked,
): Promise<readonly GoneDevice[]> {
  if ((request.plan.prune ?? 'none') === 'none') return [];
  const [{ declaredBefore }, { goneFrom }] = await Promise.all([
    import('./removal/declared-before.ts'),
    import('./removal/declared-elsewhere.ts'),
  ]);
  const declared = new Set(all.map(({ id, hub }) => `${hub}/${id}`));
  const before = await declaredBefore(request.manifests.map(workspace.spelled), request.hubs, await openHistory());
  const inRun = before.filter(({ hub }) => request.onlyHub === undefined || hub === request.onlyHub);
  const gone = inRun.filter(({ id, hub }) => !declared.has(`${hub}/${id}`));
  return gone.length === 0 ? [] : goneFrom(workspace, gone);
}

/**
 * For a pull request, how the configuration of its devices differs from its base. It needs no hub. It also works if devices
 * have faults, now or at the base.
 */
async function configurationSinceBase(
  request: Request,
  { workspace, openBase }: World,
  { devices, all, manifests }: Pick<Checked, 'devices' | 'all'> & { readonly manifests: readonly string[] },
): Promise<{ readonly configuration?: readonly ConfigurationChange[]; readonly findings: readonly Finding[] }> {
  if (request.command !== 'plan' && request.command !== 'validate') return { findings: [] };
  const base = await openBase?.();
  if (base === undefined) return { findings: [] };
  try {
    // A device may come from a hub that this run leaves out.
    const { onlyHub: _, ...everywhere } = request;
    const { fleet, assigned } = await readAt(base, everywhere, manifests);
    const { configurationChanges } = await import('./bundle/difference.ts');
    const before = { devices: assigned.value.inRun, workspace: base.workspace };
    const { value, findings, unread } = await configurationChanges(before, { devices, all, workspace });
    return {
      configuration: value,
      findings: [...findings, ...faultsOfBase(fleet.findings, manifests, unread), ...hubNameFindings(value, devices)],
    };
  } finally {
    await base.remove();
  }
}

/** The fleet of another commit. `manifests` are those of now, which may have had other names. */
async function readAt(base: BaseFiles, request: Request, manifests: readonly string[]) {
  const renamed = manifests.flatMap((manifest) => base.renamed.get(manifest) ?? []);
  return readDevices({ ...request, manifests: [...request.manifests, ...renamed] }, base.workspace);
}

/**
 * What earlier commits tell of devices that lose a certificate: the two certificates that each had at the commit before, and when
 * they came onto the branch. Undefined if there is no commit before, or if the command does not judge changes.
 * @param dropping the devices as the manifest wants them now
 */
export async function pastOf(
  request: Request,
  { openBefore, committedAt, workspace }: World,
  { files }: Pick<Checked, 'files'>,
  dropping: readonly Identity[],
): Promise<Past | undefined> {
  if (dropping.length === 0 || (request.command !== 'plan' && request.command !== 'apply')) return undefined;
  const base = await openBefore?.();
  if (base === undefined) return undefined;
  try {
    const wanted = new Set(dropping.map(({ device }) => key({ device: device.id, hub: device.hub })));
    const { assigned } = await readAt(base, request, files);
    const devices = assigned.value.inRun.filter(({ id, hub }) => wanted.has(key({ device: id, hub })));
    const before = await identifyEarlier(devices, base.workspace);
    const blobs = new Map([...contentsOf(before, base.workspace), ...contentsOf(dropping, workspace)]);
    const times = await committedAt?.(new Set(blobs.values()));
    return {
      before: new Map(before.map((identity) => [identity.device.id, identity])),
      committed: (certificate) => times?.get(blobs.get(certificate) ?? ''),
    };
  } finally {
    await base.remove();
  }
}

/** The files of the certificates, by the ids that git gives their contents. */
function contentsOf(identities: readonly Identity[], workspace: Workspace): ReadonlyMap<Certificate, string> {
  const blobs = new Map<Certificate, string>();
  for (const certificate of identities.flatMap(({ certificates }) => Object.values(certificates))) {
    const file = workspace.read(certificate.path, largestCertificate);
    if (file.ok) blobs.set(certificate, blobId(file.bytes));
  }
  return blobs;
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/**
 * A device with a fault at the base is not compared. That is told, once for each file. No manifest there is no fault. Rules have their
 * own severities here: what the workflow makes of them does not bring a device back.
 */
function faultsOfBase(
  findings: readonly Finding[],
  manifests: readonly string[],
  unread: readonly UnreadFile[],
): readonly Finding[] {
  const byFile = new Map<string, string[]>();
  const add = (file: string, said: string) => byFile.set(file, [...(byFile.get(file) ?? []), said]);
  for (const { severity, rule, place, message } of findings) {
    if (severity === 'error' && rule !== 'manifest/empty') add(place?.file ?? '', message);
  }
  for (const { file, said } of unread) add(file, said);
  return [...byFile].map(([file, [said = '', ...more]]) => {
    const subject = manifests.includes(file) ? { place: { file, line: 1, column: 1 } } : {};
    const details = { file, said, more: more.length };
    return finding('manifest/base-unread', details, subject);
  });
}

/** Warns of another host name of the hub, which has a device create its modules again. Another port is only an embedded hub's. */
function hubNameFindings(
  configuration: readonly ConfigurationChange[],
  devices: readonly Device[],
): readonly Finding[] {
  return configuration.flatMap(({ key: changed, before, after, devices: ids }) => {
    if (changed !== 'hub' || before === undefined || after === undefined) return [];
    const first = devices.find(({ id }) => id === ids[0]);
    if (first === undefined || withoutPort(before) === withoutPort(after)) return [];
    const subject = { place: first.place('hub'), ...(ids.length === 1 ? { device: first.id, hub: first.hub } : {}) };
    return [finding('config/hub-name-changes', { ids, before, after }, subject)];
  });
}

/** The folders that are searched for private keys: those of the manifests and of the certificates that they name. */
function foldersOf(manifests: readonly string[], certificates: ReadonlySet<string>): readonly string[] {
  return [...new Set([...manifests, ...certificates].map(folderOf))].sort();
}

function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

/**
 * The findings by place, one for each rule and place, with the severities that the workflow gives to their rules. All findings of a run
 * come through here.
 */
export function inOrder(findings: readonly Finding[], rules: RuleChanges | undefined): readonly Finding[] {
  return [...once(weighed(findings, rules))].sort((a, b) => (where(a) < where(b) ? -1 : where(a) > where(b) ? 1 : 0));
}

/** A key that sorts by file, line and column. */
function where({ place }: Finding): string {
  if (place === undefined) return '';
  return [place.file, String(place.line).padStart(9), String(place.column).padStart(9)].join('\0');
}
