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
   * The desired properties made so far, by the settings and what was there before; undefined where nothing changes. So
   * devices that have the same before have the same after, and a hundred thousand devices with one deployment need its
   * content once.
   */
  readonly sections: Map<readonly Setting[], Map<Section | undefined, Section | undefined>>;
  /** The settings between two assignments, made so far. */
  readonly moves: Map<Assignment, Map<Assignment, readonly Setting[]>>;
}

export function newPass(births: Births, now: number): Pass {
  return { time: new Date(now).toISOString(), births, sections: new Map(), moves: new Map() };
}

/**
 * The device as its configurations want it. Returns the same object if nothing changes. `before` is what they wanted
 * until now.
 */
export function appliedTo(device: Identity, before: Assignment, assignment: Assignment, pass: Pass): Identity {
  const twin = changedTwin(device.twin, device.twin?.desired, settingsBetween(before, assignment, pass), pass);
  const modules = deployedModules(device, assignment, pass);
  if (twin === device.twin && modules === device.modules && device.configurations === assignment.statuses)
    return device;
  return {
    ...device,
    ...(twin === undefined ? {} : { twin }),
    ...(modules === undefined ? {} : { modules }),
    configurations: assignment.statuses,
  };
}

/** A module as configurations for modules want it. */
export function moduleAppliedTo(module: Module, before: Assignment, assignment: Assignment, pass: Pass): Module {
  const twin = changedTwin(module.twin, module.twin?.desired, settingsBetween(before, assignment, pass), pass);
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
      const twin = settings === undefined ? module.twin : changedTwin(module.twin, undefined, settings, pass);
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
  return { ...module, ...(twin === undefined ? {} : { twin }), configurations: statuses };
}

/** What an assignment sets, after the removal of what only the one before has set. */
function settingsBetween(before: Assignment, after: Assignment, { moves }: Pass): readonly Setting[] {
  if (before === after || before.settings.length === 0) return after.settings;
  const known = moves.get(before) ?? new Map<Assignment, readonly Setting[]>();
  moves.set(before, known);
  const settings = known.get(after) ?? [...leftBy(before, after), ...after.settings];
  known.set(after, settings);
  return settings;
}

function leftBy(before: Assignment, after: Assignment): readonly Setting[] {
  const places = new Set(after.settings.map(({ path }) => path.join('.')));
  const left = before.settings.filter(({ path }) => !places.has(path.join('.')));
  return left.map(({ path }) => ({ path, value: null, by: undefined }));
}

/** The twin with these settings over `base`, or the same twin if its values are so already. */
function changedTwin(
  twin: TwinState | undefined,
  base: Section | undefined,
  settings: readonly Setting[],
  pass: Pass,
): TwinState | undefined {
  if (settings.length === 0 && base === twin?.desired) return twin;
  const made = pass.sections.get(settings) ?? new Map<Section | undefined, Section | undefined>();
  pass.sections.set(settings, made);
  const before = twin?.desired;
  if (!made.has(before)) made.set(before, changedSection(before, base, settings, pass));
  const desired = made.get(before);
  return desired === undefined ? twin : { tags: {}, ...twin, counter: (twin?.counter ?? 1) + 1, desired };
}

function changedSection(
  before: Section | undefined,
  base: Section | undefined,
  settings: readonly Setting[],
  { time }: Pass,
): Section | undefined {
  if (isDeepStrictEqual(valuesWith(base?.values ?? {}, settings), before?.values ?? {})) return undefined;
  const version = (before?.version ?? 1) + 1;
  return { ...sectionWith(base, settings, { time, version }), shared: true };
}
