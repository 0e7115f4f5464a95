import { isDeepStrictEqual } from 'node:util';
import type { Births } from '../devices/birth.ts';
import type { Identity, Module, Statuses } from '../devices/identity.ts';
import { isRuntimeModule, modulesOf } from '../devices/module.ts';
import type { Section, TwinState } from '../twins/twin-state.ts';
import { type Assignment, modulesNamed } from './assignment.ts';
import { type Setting, sectionWith, valuesWith } from './settings.ts';

/** What one evaluation works with. */
export interface Pass {
  /** ISO time. */
  readonly time: string;
  readonly births: Births;
  /**
   * The twins made so far, by the settings and the twin before: devices that have the same one before have the same one
   * after, so that a hundred thousand devices with one deployment need its content once.
   */
  readonly twins: Map<readonly Setting[], Map<TwinState | undefined, TwinState | undefined>>;
}

export function newPass(births: Births, now: number): Pass {
  return { time: new Date(now).toISOString(), births, twins: new Map() };
}

/**
 * The device as its configurations want it. Returns the same object if nothing changes. `left` are the settings that it
 * had from configurations which no longer target it.
 */
export function appliedTo(device: Identity, assignment: Assignment, left: readonly Setting[], pass: Pass): Identity {
  const twin = twinWithSettings(device.twin, assignment.settings, left, pass);
  const modules = deployedModules(device, assignment, pass);
  if (twin === device.twin && modules === device.modules && device.configurations === assignment.statuses)
    return device;
  const { twin: _, modules: __, configurations: ___, ...identity } = device;
  return {
    ...identity,
    ...(twin === undefined ? {} : { twin }),
    ...(modules === undefined ? {} : { modules }),
    ...(assignment.statuses === undefined ? {} : { configurations: assignment.statuses }),
  };
}

/** A module as configurations for modules want it. */
export function moduleAppliedTo(module: Module, assignment: Assignment, left: readonly Setting[], pass: Pass): Module {
  const twin = twinWithSettings(module.twin, assignment.settings, left, pass);
  if (twin === module.twin && module.configurations === assignment.statuses) return module;
  return withTwin(module, twin, assignment.statuses);
}

/**
 * The modules of an edge device after a content that is applied to this device alone. A layered one goes over what is
 * there.
 */
export function modulesWith(
  device: Identity,
  content: ReadonlyMap<string, readonly Setting[]>,
  pass: Pass,
): readonly Module[] {
  const agent = modulesOf(device).find(({ moduleId }) => moduleId === '$edgeAgent')?.twin?.desired?.values ?? {};
  const names = modulesNamed(valuesWith(agent, content.get('$edgeAgent') ?? []), content.keys());
  return wantedModules(device, names, pass).map((module) => {
    const settings = content.get(module.moduleId);
    if (settings === undefined) return module;
    return withTwin(module, changedTwin(module.twin, module.twin?.desired, settings, pass), module.configurations);
  });
}

function deployedModules(
  device: Identity,
  { deployment, moduleStatuses }: Assignment,
  pass: Pass,
): Identity['modules'] {
  const before = device.modules ?? [];
  if (
    deployment === undefined &&
    moduleStatuses.size === 0 &&
    before.every((each) => each.configurations === undefined)
  ) {
    return device.modules;
  }
  const after = (deployment === undefined ? modulesOf(device) : wantedModules(device, deployment.modules, pass)).map(
    (module) => {
      const settings = deployment?.settings.get(module.moduleId);
      const twin = settings === undefined ? module.twin : deployedTwin(module.twin, settings, pass);
      const statuses = moduleStatuses.get(module.moduleId);
      return twin === module.twin && statuses === module.configurations ? module : withTwin(module, twin, statuses);
    },
  );
  const same = after.length === before.length && after.every((module, at) => module === before[at]);
  return same ? device.modules : after;
}

/**
 * Deployments replace modules that were set by hand: those that they do not name go. A module that a client has made
 * itself is nobody's but the client's and stays.
 */
function wantedModules(device: Identity, names: ReadonlySet<string>, pass: Pass): readonly Module[] {
  const present = modulesOf(device);
  const known = new Set(present.map(({ moduleId }) => moduleId));
  const stay = present.filter(
    ({ moduleId, managedBy }) => isRuntimeModule(device, moduleId) || managedBy !== manager || names.has(moduleId),
  );
  return [...stay, ...[...names].filter((name) => !known.has(name)).map((name) => newModule(name, pass))];
}

const manager = 'IotEdge';

/** Without keys, which the runtime asks for when it starts the module. */
function newModule(moduleId: string, { births }: Pass): Module {
  return {
    moduleId,
    ...births.next(),
    managedBy: manager,
    authentication: { type: 'none', primary: null, secondary: null },
  };
}

function withTwin(module: Module, twin: TwinState | undefined, statuses: Statuses | undefined): Module {
  const { twin: _, configurations: __, ...identity } = module;
  return {
    ...identity,
    ...(twin === undefined ? {} : { twin }),
    ...(statuses === undefined ? {} : { configurations: statuses }),
  };
}

/** All desired properties become those of the deployment. */
function deployedTwin(twin: TwinState | undefined, settings: readonly Setting[], pass: Pass): TwinState | undefined {
  return remembered(twin, settings, pass, () => changedTwin(twin, undefined, settings, pass));
}

function twinWithSettings(
  twin: TwinState | undefined,
  settings: readonly Setting[],
  left: readonly Setting[],
  pass: Pass,
): TwinState | undefined {
  if (settings.length === 0 && left.length === 0) return twin;
  const removed = left.map(({ path }) => ({ path, value: null, by: undefined }));
  const make = () => changedTwin(twin, twin?.desired, [...removed, ...settings], pass);
  return removed.length > 0 ? make() : remembered(twin, settings, pass, make);
}

function remembered(
  twin: TwinState | undefined,
  settings: readonly Setting[],
  { twins }: Pass,
  make: () => TwinState | undefined,
): TwinState | undefined {
  const made = twins.get(settings) ?? new Map<TwinState | undefined, TwinState | undefined>();
  twins.set(settings, made);
  if (!made.has(twin)) made.set(twin, make());
  return made.get(twin);
}

/** The twin with these settings over `base`, or the same twin if its values are so already. */
function changedTwin(
  twin: TwinState | undefined,
  base: Section | undefined,
  settings: readonly Setting[],
  { time }: Pass,
): TwinState | undefined {
  const current = twin?.desired?.values ?? {};
  if (isDeepStrictEqual(valuesWith(base?.values ?? {}, settings), current)) return twin;
  const version = (twin?.desired?.version ?? 1) + 1;
  const desired: Section = { ...sectionWith(base, settings, { time, version }), shared: true };
  return { tags: {}, ...twin, counter: (twin?.counter ?? 1) + 1, desired };
}
