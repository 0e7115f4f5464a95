import { writesTwin } from './apply/estimate.ts';
import type { Written } from './bundle/directory.ts';
import { type Checked, check, devicesGone, inOrder, pastOf } from './check.ts';
import type { Bundle } from './model/bundle.ts';
import { asFault, Fault, messageOf } from './model/fault.ts';
import { type Finding, failing } from './model/finding.ts';
import type { HubHost } from './model/fleet.ts';
import { type Change, type DeviceOutcome, key } from './model/plan.ts';
import type { RegisteredDevice } from './model/registration.ts';
import type { Registry } from './model/registry.ts';
import { type DeclaredFleet, type ListedDevice, type Report, type Result, withLaterFaults } from './model/report.ts';
import { cutShort, type Stop, unlessStopped } from './model/stop.ts';
import { ownership } from './plan/ownership.ts';
import type { Planned } from './plan/plan.ts';
import type { Gone } from './plan/removal.ts';
import type { GoneDevice } from './removal/declared-elsewhere.ts';
import { runFault } from './run/faults.ts';
import type { Request, World } from './run/request.ts';

/** Runs one command. Faults of the user's material are findings of the report. Faults of the world are its faults. */
export async function provision(request: Request, world: World): Promise<Report> {
  if (!['validate', 'render'].includes(request.command) && request.hubs.length === 0) throw runFault('no-hub', {});
  const checked = await unlessStopped(world.stop, () => check(request, world));
  try {
    return await carryOutCommand(request, world, checked);
  } catch (thrown) {
    // The findings so far stay in the report.
    return report(request, checked, 'failed', { faults: [asFault(thrown)] });
  }
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

async function renderFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  world.checkPublishing();
  const written = await write(request, world, checked.bundles);
  return report(request, checked, 'rendered', { ...written, bundlesDirectory: request.outputDirectory });
}

async function planFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  const gone = await devicesGone(request, world, checked);
  return withRegistries([...checked.devices, ...gone], world, async (registries) => {
    const { changes, findings, ...kept } = await planHubs(request, world, { ...checked, gone }, registries);
    const result = changes.every(({ kind }) => kind === 'unchanged') ? 'unchanged' : 'changes';
    const more = { changes, findings, ...kept };
    if (failing(findings, request.failOn)) return report(request, checked, 'invalid', more);
    // A plan that may not be carried out is not written, so that nobody approves it.
    return report(request, checked, result, { ...more, ...(await writePlan(request, world, changes, registries)) });
  });
}

async function writePlan(
  { planFile }: Request,
  { workspace }: World,
  changes: readonly Change[],
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<Pick<Report, 'planFile' | 'faults'>> {
  if (planFile === undefined) return { faults: [] };
  const [{ planDocument }, { writePlanFile }] = await Promise.all([
    import('./plan/document.ts'),
    import('./run/plan-file.ts'),
  ]);
  try {
    writePlanFile(planFile, planDocument([...registries.keys()], changes), workspace.root);
    return { planFile, faults: [] };
  } catch (thrown) {
    return { faults: [asFault(thrown)] };
  }
}

async function applyFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  const { checkOutputDirectory } = await import('./bundle/directory.ts');
  checkOutputDirectory(request.outputDirectory, { workspace: world.workspace.root });
  world.checkPublishing();
  const manifests = request.manifests.map(world.workspace.spelled);
  await unlessStopped(world.stop, async () => world.requireCurrent?.({ files: checked.files, manifests }));
  const differing = await comparing(request, world);
  const gone = await devicesGone(request, world, checked);
  return withRegistries([...checked.devices, ...gone], world, async (registries) => {
    const { changes, findings: planned, ...kept } = await planHubs(request, world, { ...checked, gone }, registries);
    const findings = inOrder([...planned, ...differing([...registries.keys()], changes)], request.rules);
    if (failing(findings, request.failOn)) return report(request, checked, 'invalid', { changes, findings, ...kept });
    await unlessStopped(world.stop, () => requireTagWriting(changes, registries));
    const { carryOut } = await import('./apply/all-hubs.ts');
    const { outcomes, faults } = await carryOut(changes, request, world, registries);
    const right = new Set(outcomes.filter(isRight).map(key));
    const bundles = checked.bundles.filter((bundle) => right.has(key(bundle)));
    const written = await writeUnlessHurried(world.stop, () => write(request, world, bundles));
    const ended = report(request, checked, applied(outcomes, world.stop), {
      changes,
      findings,
      ...kept,
      outcomes,
      ...(written.bundles === undefined ? {} : { bundles: written.bundles, bundlesDirectory: request.outputDirectory }),
      ...(written.bundleChanges === undefined ? {} : { bundleChanges: written.bundleChanges }),
      faults,
    });
    return withLaterFaults(ended, written.faults);
  });
}

/** Throws a `Fault` if tags may not be written. They come after all registrations, which must not begin then. */
async function requireTagWriting(
  changes: readonly Change[],
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<void> {
  for (const [hub, registry] of registries) {
    const tagged = changes.find((change) => change.hub === hub && writesTwin(change));
    if (tagged !== undefined) await registry.requireTagWriting?.(tagged.id);
  }
}

/** Reads the approved plan, if there is one, and gives a function that compares changes with it. No hub is asked before. */
async function comparing(
  { planFile, plan: { prune = 'none' } }: Request,
  { workspace }: World,
): Promise<(hubs: readonly HubHost[], changes: readonly Change[]) => readonly Finding[]> {
  if (planFile === undefined) return () => [];
  const [{ readPlanFile }, { unapproved }] = await Promise.all([
    import('./run/plan-file.ts'),
    import('./plan/approved.ts'),
  ]);
  const approved = readPlanFile(planFile, workspace.root);
  return (hubs, changes) => unapproved(hubs, changes, approved, prune !== 'none');
}

async function verifyFleet(request: Request, world: World, checked: Checked): Promise<Report> {
  if (failing(checked.findings, request.failOn)) return report(request, checked, 'invalid');
  const gone = await devicesGone(request, world, checked);
  return withRegistries([...checked.devices, ...gone], world, async (registries) => {
    // Every difference is drift, even one that the plan may not write.
    const { changes, findings: _, ...kept } = await planHubs(request, world, { ...checked, gone }, registries);
    // A claim changes who owns a device, not what the device is.
    const inSync = changes.every(({ kind }) => kind === 'unchanged' || kind === 'claim');
    return report(request, checked, inSync ? 'in-sync' : 'drift', { changes, ...kept });
  });
}

async function listHubs(request: Request, world: World, checked: Checked): Promise<Report> {
  // Other faults of the manifest do not matter here. With this one no device would count as managed.
  if (checked.findings.some(({ rule }) => rule === 'hub/no-domain')) return report(request, checked, 'invalid');
  const hubs = request.onlyHub === undefined ? request.hubs : [request.onlyHub];
  const managed = new Set(checked.devices.map(({ id, hub }) => key({ device: id, hub })));
  const listed: ListedDevice[] = [];
  for (const hub of hubs) {
    world.progress.phase(`reading ${hub}`);
    const registry = await unlessStopped(world.stop, () => world.openRegistry(hub));
    try {
      for (const device of await unlessStopped(world.stop, () => registry.readEdgeDevices())) {
        if (request.unowned && ownership(device.twin, undefined) !== 'unmarked') continue;
        listed.push({ hub, device, managed: managed.has(key({ device: device.id, hub })) });
      }
    } finally {
      registry.close();
    }
  }
  return report(request, checked, 'listed', { listed });
}

/** Opens a registry for every hub of the devices, and closes all of them at the end. */
async function withRegistries<T>(
  devices: readonly { readonly hub?: HubHost | undefined }[],
  world: World,
  work: (registries: ReadonlyMap<HubHost, Registry>) => Promise<T>,
): Promise<T> {
  const registries = new Map<HubHost, Registry>();
  try {
    for (const { hub } of devices) {
      if (hub !== undefined && !registries.has(hub)) {
        registries.set(hub, await unlessStopped(world.stop, () => world.openRegistry(hub)));
      }
    }
    return await work(registries);
  } finally {
    for (const registry of registries.values()) registry.close();
  }
}

async function planHubs(
  request: Request,
  world: World,
  checked: Checked & { readonly gone: readonly GoneDevice[] },
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<PlannedHubs> {
  const [{ plan }, { dropsSome }] = await Promise.all([import('./plan/plan.ts'), import('./plan/carried.ts')]);
  const pruning = (request.plan.prune ?? 'none') !== 'none';
  const planned: Planned[] = [];
  for (const [hub, registry] of registries) {
    world.progress.phase(`reading ${hub}`);
    const identities = checked.identities.filter(({ device }) => device.hub === hub);
    // If one device names tags, others may have tags from older versions, which wrote no mark to find them by.
    const tags = identities.some(({ device }) => device.tags !== undefined) ? 'all' : 'marked';
    const wanted = identities.map(({ device }) => device.id);
    const found = await unlessStopped(world.stop, () => registry.read(wanted, { tags }));
    const gone = checked.gone.filter((device) => device.hub === hub);
    const ids = gone.map(({ id }) => id);
    const inHub =
      gone.length === 0 ? found : await unlessStopped(world.stop, () => registry.read(ids, { tags: 'marked' }));
    const toRemove = gone.flatMap(({ id, justNow = false }) => {
      const device = inHub.get(id);
      return device === undefined ? [] : [{ found: device, justNow }];
    });
    if (pruning) await requireTwins(request, registry, toRemove, [...found.values()]);
    const dropping = identities.filter((identity) => {
      const device = found.get(identity.device.id);
      return device !== undefined && dropsSome(identity, device);
    });
    const past = await unlessStopped(world.stop, () => pastOf(request, world, checked, dropping));
    const ofHub = plan(hub, identities, found, request.plan, toRemove, past);
    if (gone.length > 0) (await import('./removal/declared-elsewhere.ts')).requireNoDoubt(gone, ofHub.value);
    planned.push(ofHub);
  }
  return {
    changes: planned.flatMap(({ value }) => value),
    findings: inOrder([...checked.findings, ...planned.flatMap((hub) => hub.findings)], request.rules),
    kept: planned.reduce((sum, { kept }) => sum + kept, 0),
  };
}

interface PlannedHubs {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly kept: number;
}

/**
 * Throws a usage `Fault` if the run may not read the marks of owners or, for `apply`, may not write them. It then cannot tell which
 * devices are its own.
 */
async function requireTwins(
  { command }: Request,
  registry: Registry,
  gone: readonly Gone[],
  found: readonly RegisteredDevice[],
): Promise<void> {
  const unread = [...gone.map((one) => one.found), ...found].some(({ twin }) => twin === undefined);
  if (unread) throw runFault('twins-unread', { host: registry.host });
  const [first] = gone;
  if (first === undefined || command !== 'apply') return;
  try {
    await registry.requireTagWriting?.(first.found.id);
  } catch (cause) {
    throw runFault('twins-unwritten', { host: registry.host }, { cause });
  }
}

function applied(outcomes: readonly DeviceOutcome[], { asked }: Stop): Result {
  const right = outcomes.filter(isRight);
  if (right.length < outcomes.length) return right.length === 0 && !asked.aborted ? 'failed' : 'partial';
  return outcomes.every(({ result }) => result === 'unchanged') ? 'unchanged' : 'changed';
}

function isRight({ result }: DeviceOutcome): boolean {
  return result !== 'failed' && result !== 'unknown';
}

async function write(
  { outputDirectory }: Request,
  { workspace, progress: { counted } }: World,
  bundles: readonly Bundle[],
): Promise<Written> {
  // Loaded here only, because `validate` does not need it and has to start fast.
  const { writeBundles } = await import('./bundle/directory.ts');
  return writeBundles(outputDirectory, bundles, { workspace: workspace.root, counted });
}

/** Writes files after the hub was written. A run with seconds left leaves them to the next run, which writes all of them. */
async function writeUnlessHurried(
  stop: Stop,
  work: () => Promise<Written>,
): Promise<Pick<Written, 'faults'> & Partial<Written>> {
  if (stop.hurried) return { faults: [stop.fault()] };
  try {
    return await cutShort(stop.overdue, work(), () => {
      throw stop.fault();
    });
  } catch (thrown) {
    if (thrown instanceof Fault) return { faults: [thrown] };
    return { faults: [runFault('files-not-written', { said: messageOf(thrown) }, { cause: thrown })] };
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
    ...(checked.deployments === undefined ? {} : { deployments: checked.deployments }),
    findings: checked.findings,
    texts: checked.texts,
    ...(request.rules === undefined ? {} : { rules: request.rules }),
    ...(request.plan.owner === undefined ? {} : { owner: request.plan.owner }),
    ...(checked.configuration === undefined ? {} : { configuration: checked.configuration }),
    ...(request.reportHtml === undefined ? {} : { fleet: declaredFleet(request, checked) }),
    changes: [],
    outcomes: [],
    bundles: [],
    listed: [],
    faults: [],
    ...more,
  };
}

function declaredFleet({ expiryWarningDays }: Request, { at, devices, identities, bundles }: Checked): DeclaredFleet {
  return { at, expiryWarningDays, devices, identities, bundles };
}
