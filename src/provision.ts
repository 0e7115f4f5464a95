import { renderBundles } from './bundle/render.ts';
import { assignHubs } from './hub/allowed.ts';
import { identify } from './identity/identify.ts';
import { findPrivateKeys } from './identity/keys.ts';
import { readFleet } from './manifest/read.ts';
import type { Bundle } from './model/bundle.ts';
import { asFault, Fault, messageOf } from './model/fault.ts';
import { type Finding, failing, type Judged } from './model/finding.ts';
import type { Device, HubHost } from './model/fleet.ts';
import type { Identity } from './model/identity.ts';
import type { Change, DeviceOutcome } from './model/plan.ts';
import type { Registry } from './model/registration.ts';
import type { Command, ListedDevice, Report, Result } from './model/report.ts';
import type { Workspace } from './model/workspace.ts';
import { apply } from './plan/apply.ts';
import { type PlanOptions, plan } from './plan/plan.ts';

/** One run, as a door understood it. From here on no code knows whether a runner or a terminal asked. */
export interface Request {
  readonly command: Command;
  /** Paths and globs, relative to the workspace. */
  readonly manifests: readonly string[];
  /** The hubs that the workflow names: credentials go to no others. */
  readonly hubs: readonly HubHost[];
  readonly onlyHub?: HubHost;
  /** Absolute. */
  readonly outputDirectory: string;
  readonly failOn: 'error' | 'warning';
  readonly expiryWarningDays: number;
  readonly plan: PlanOptions;
  /** What the door itself has noticed. */
  readonly findings: readonly Finding[];
}

/** Everything outside that a run touches; a test hands in its own clock and its own hub. */
export interface World {
  readonly workspace: Workspace;
  readonly openRegistry: (hub: HubHost) => Promise<Registry>;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly progress: Progress;
  /** Throws a `Fault` where bundles, once written, could not be published: asked before anything is written. */
  readonly checkPublishing: () => void;
}

/** Told where a run stands, for people who watch. */
export interface Progress {
  /** A new phase begins: `reading contoso.azure-devices.net`. */
  phase(name: string): void;
  /** So many of the devices of a hub are written, so many of them badly. */
  written(hub: HubHost, done: number, failed: number, total: number): void;
}

/** The fleet after every check that needs no hub. */
interface Checked {
  readonly devices: readonly Device[];
  readonly identities: readonly Identity[];
  readonly bundles: readonly Bundle[];
  readonly findings: readonly Finding[];
}

/** Runs one command. Faults of the material are findings of the report, faults of the world stand in it beside them. */
export async function provision(request: Request, world: World): Promise<Report> {
  if (!['validate', 'render'].includes(request.command) && request.hubs.length === 0) throw noHub();
  const checked = await check(request, world);
  try {
    return await carryOutCommand(request, world, checked);
  } catch (thrown) {
    // What was found before stays said.
    return report(request, checked, 'failed', { faults: [asFault(thrown)] });
  }
}

function noHub(): Fault {
  const remedy =
    'Give the connection string of the hub: the input connection-string, or IOTHUB_CONNECTION_STRING on the command line. validate needs none.';
  return new Fault('there is no hub to ask: no connection string is given', remedy, { kind: 'usage' });
}

async function carryOutCommand(request: Request, world: World, checked: Checked): Promise<Report> {
  switch (request.command) {
    case 'validate':
      return report(request, checked, verdict(request, checked.findings, 'valid'));
    case 'render':
      return renderFleet(request, world, checked);
    case 'plan':
      return planFleet(request, world, checked);
    case 'apply':
      return applyFleet(request, world, checked);
    case 'verify':
      return verifyFleet(request, world, checked);
    case 'list':
      return listHubs(request, world, checked);
  }
}

/** manifest → Fleet → Identities → Bundles, all in memory. */
async function check(request: Request, { workspace, now }: World): Promise<Checked> {
  const fleet = await readFleet(request.manifests, workspace);
  const assigned = assignHubs(fleet.value, request.hubs, {
    ...(request.onlyHub === undefined ? {} : { onlyHub: request.onlyHub }),
    use: request.command === 'validate' ? 'none' : request.command === 'render' ? 'name' : 'credentials',
  });
  const devices = assigned.value.inRun;
  const identities = await identify(devices, workspace, {
    now: now(),
    expiryWarningDays: request.expiryWarningDays,
  });
  const read = new Set(devices.flatMap(({ certificates }) => Object.values(certificates)));
  const keys = await findPrivateKeys(foldersOf(fleet.value.manifests, read), workspace, read);
  // Only these two need the files; everything that can be wrong with them is found without rendering.
  const renders = request.command === 'apply' || request.command === 'render';
  const rendered = renders ? identities.value : [];
  const identified = new Set(rendered.map(({ device }) => device));
  const bundles = renderBundles(rendered, {
    fleet: assigned.value.all,
    judge: devices.filter((device) => !identified.has(device)),
  });
  const findings = [fleet, assigned, identities, { findings: keys }, bundles].flatMap((stage) => stage.findings);
  return {
    devices,
    identities: identities.value,
    bundles: bundles.value,
    findings: inOrder([...request.findings, ...findings]),
  };
}

async function renderFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  world.checkPublishing();
  await write(request, world, checked.bundles);
  return report(request, checked, 'rendered', { bundles: checked.bundles, bundlesDirectory: request.outputDirectory });
}

async function planFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  return withRegistries(checked.devices, world, async (registries) => {
    const { changes, findings } = await planHubs(request, world, checked, registries);
    const result = changes.every(({ kind }) => kind === 'unchanged') ? 'unchanged' : 'changes';
    return report(request, checked, verdict(request, findings, result), { changes, findings });
  });
}

async function applyFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  const { checkOutputDirectory } = await import('./bundle/directory.ts');
  checkOutputDirectory(request.outputDirectory, { workspace: world.workspace.root });
  world.checkPublishing();
  return withRegistries(checked.devices, world, async (registries) => {
    const { changes, findings } = await planHubs(request, world, checked, registries);
    if (failing(findings, request.failOn)) return report(request, checked, 'invalid', { changes, findings });
    const { outcomes, faults } = await carryOut(changes, world, registries);
    const right = new Set(outcomes.filter(isRight).map(key));
    const bundles = checked.bundles.filter((bundle) => right.has(key(bundle)));
    const written = await attempt(() => write(request, world, bundles));
    return report(request, checked, applied(outcomes), {
      changes,
      findings,
      outcomes,
      faults: [...faults, ...written],
      ...(written.length === 0 ? { bundles, bundlesDirectory: request.outputDirectory } : {}),
    });
  });
}

async function verifyFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  return withRegistries(checked.devices, world, async (registries) => {
    // What differs is drift, whatever the plan would think of writing it.
    const { changes } = await planHubs(request, world, checked, registries);
    const inSync = changes.every(({ kind }) => kind === 'unchanged');
    return report(request, checked, inSync ? 'in-sync' : 'drift', { changes });
  });
}

async function listHubs(request: Request, world: World, checked: Checked): Promise<Report> {
  const hubs = request.onlyHub === undefined ? request.hubs : [request.onlyHub];
  const managed = new Set(checked.devices.map(({ id, hub }) => key({ device: id, hub })));
  const listed: ListedDevice[] = [];
  for (const hub of hubs) {
    world.progress.phase(`reading ${hub}`);
    const registry = await world.openRegistry(hub);
    try {
      for (const device of await registry.readEdgeDevices()) {
        listed.push({ hub, device, managed: managed.has(key({ device: device.id, hub })) });
      }
    } finally {
      registry.close();
    }
  }
  return report(request, checked, 'listed', { listed });
}

/** Opens a registry for every hub of the devices, and closes them all in the end. */
async function withRegistries<T>(
  devices: readonly Device[],
  world: World,
  work: (registries: ReadonlyMap<HubHost, Registry>) => Promise<T>,
): Promise<T> {
  const registries = new Map<HubHost, Registry>();
  try {
    for (const { hub } of devices) {
      if (hub !== undefined && !registries.has(hub)) registries.set(hub, await world.openRegistry(hub));
    }
    return await work(registries);
  } finally {
    for (const registry of registries.values()) registry.close();
  }
}

async function planHubs(
  request: Request,
  world: World,
  checked: Checked,
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<{ readonly changes: readonly Change[]; readonly findings: readonly Finding[] }> {
  const planned: Judged<readonly Change[]>[] = [];
  for (const [hub, registry] of registries) {
    world.progress.phase(`reading ${hub}`);
    const identities = checked.identities.filter(({ device }) => device.hub === hub);
    const found = await registry.read(identities.map(({ device }) => device.id));
    planned.push(plan(hub, identities, found, request.plan));
  }
  return {
    changes: planned.flatMap(({ value }) => value),
    findings: inOrder([...checked.findings, ...planned.flatMap((hub) => hub.findings)]),
  };
}

/** Writes to all hubs at once; what stops one hub does not stop the others. */
async function carryOut(
  changes: readonly Change[],
  world: World,
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<{ readonly outcomes: readonly DeviceOutcome[]; readonly faults: readonly Fault[] }> {
  const hubs = [...registries].map(async ([hub, registry]) => {
    const ofHub = changes.filter((change) => change.hub === hub);
    const total = ofHub.filter(({ kind }) => kind === 'create' || kind === 'update').length;
    if (total > 0) world.progress.phase(`writing ${total} ${total === 1 ? 'device' : 'devices'} to ${hub}`);
    return apply(ofHub, registry, {
      sleep: world.sleep,
      random: world.random,
      progress: (done, failed) => world.progress.written(hub, done, failed, total),
    });
  });
  const applied = await Promise.all(hubs);
  const written = new Map(applied.flatMap(({ outcomes }) => outcomes).map((outcome) => [key(outcome), outcome]));
  const outcomes = changes.map(({ id: device, hub }): DeviceOutcome => {
    return written.get(key({ device, hub })) ?? { device, hub, result: 'unchanged' };
  });
  return { outcomes, faults: applied.flatMap(({ fault }) => (fault === undefined ? [] : [fault])) };
}

function applied(outcomes: readonly DeviceOutcome[]): Result {
  const right = outcomes.filter(isRight);
  if (right.length < outcomes.length) return right.length === 0 ? 'failed' : 'partial';
  return outcomes.every(({ result }) => result === 'unchanged') ? 'unchanged' : 'changed';
}

function isRight({ result }: DeviceOutcome): boolean {
  return result === 'created' || result === 'updated' || result === 'unchanged';
}

async function write({ outputDirectory }: Request, { workspace }: World, bundles: readonly Bundle[]): Promise<void> {
  // Loaded where it is used: every millisecond of `validate` is waited for.
  const { writeBundles } = await import('./bundle/directory.ts');
  await writeBundles(outputDirectory, bundles, { workspace: workspace.root });
}

async function attempt(work: () => Promise<void>): Promise<readonly Fault[]> {
  try {
    await work();
    return [];
  } catch (thrown) {
    const remedy = 'The hub is as reported. Mend the cause and run it again: only the files are left to do.';
    return [thrown instanceof Fault ? thrown : new Fault(messageOf(thrown), remedy, { cause: thrown })];
  }
}

function verdict(request: Request, findings: readonly Finding[], otherwise: Result): Result {
  return failing(findings, request.failOn) ? 'invalid' : otherwise;
}

function report(request: Request, checked: Checked, result: Result, more: Partial<Report> = {}): Report {
  return {
    command: request.command,
    result,
    devices: checked.devices.length,
    findings: checked.findings,
    changes: [],
    outcomes: [],
    bundles: [],
    listed: [],
    faults: [],
    ...more,
  };
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
function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const once = new Map(findings.map((f) => [[f.rule, where(f), f.message].join('\n'), f]));
  return [...once.values()].sort((a, b) => (where(a) < where(b) ? -1 : where(a) > where(b) ? 1 : 0));
}

/** Sorts as file, line and column do. */
function where({ place }: Finding): string {
  if (place === undefined) return '';
  return [place.file, String(place.line).padStart(9), String(place.column).padStart(9)].join('\0');
}

function key({ device, hub }: { readonly device: string; readonly hub: string | undefined }): string {
  return `${hub ?? ''}/${device}`;
}
