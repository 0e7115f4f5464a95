import type { Identity, Module } from '../devices/identity.ts';
import { modulesOf } from '../devices/module.ts';
import type { IdentityRegistry } from '../devices/registry.ts';
import { countOf } from '../queries/query-page.ts';
import type { ModuleRow } from '../twins/twin.ts';
import { appliedTo, moduleAppliedTo, newPass, type Pass } from './apply.ts';
import type { Assignment } from './assignment.ts';
import type { Configuration, Results } from './configuration.ts';
import { type Due, dueAfter } from './due.ts';
import { createRanking, noAssignment } from './ranking.ts';
import { createStandings, outcomeOf, type Standing } from './standings.ts';
import { selectionOf } from './target-condition.ts';

/** Lets configurations take effect on devices and modules, and counts. */
export interface Evaluation {
  /** A configuration was created, changed or removed (undefined). */
  configurationChanged(id: string, configuration: Configuration | undefined): void;
  /** A device, one of its modules or a twin was written or removed. */
  deviceChanged(deviceId: string): void;
  /** Evaluates what is due. Called before each call is carried out, so that the call sees the result. */
  evaluate(): void;
  /** Undefined until the configuration has been evaluated. */
  results(configuration: Configuration): Results | undefined;
}

export interface EvaluationOptions {
  readonly registry: IdentityRegistry;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How long after a change it is evaluated, in milliseconds. */
  readonly lagMs: number;
}

export function createEvaluation({ registry, clock, lagMs }: EvaluationOptions): Evaluation {
  const dueConfigurations: Due<Configuration | undefined> = dueAfter(lagMs, clock);
  const dueDevices: Due<true> = dueAfter(lagMs, clock);
  const ofDevices = createRanking<Identity>();
  const ofModules = createRanking<ModuleRow>();
  const evaluated = new Set<string>();
  const standings = createStandings();
  const moduleAssignments = new Map<string, ReadonlyMap<string, Assignment>>();
  /** Grows with every change, so that counts are made once for each state. */
  let revision = 0;
  const counted = new Map<string, { readonly at: number; readonly custom: Results['custom'] }>();
  let applying = false;

  function settle(device: Identity, assignment: Assignment, pass: Pass): void {
    const before = standings.assignmentOf(device.deviceId);
    const applied = withModules(appliedTo(device, before, assignment, pass), pass);
    if (applied !== device) registry.deploy(applied, device.twin !== applied.twin || !sameModules(device, applied));
    standings.put(device.deviceId, assignment, outcomeOf(applied, assignment));
  }

  /** Applies configurations for modules, which are rare: all of them, to all modules of the device. */
  function withModules(device: Identity, pass: Pass): Identity {
    const before = moduleAssignments.get(device.deviceId);
    if (ofModules.size() === 0 && before === undefined) return device;
    const after = new Map<string, Assignment>();
    const modules = modulesOf(device).map((module) => {
      const assignment = ofModules.assign({ device, module });
      const last = before?.get(module.moduleId) ?? noAssignment;
      if (assignment === noAssignment && last === noAssignment) return module;
      if (assignment !== noAssignment) after.set(module.moduleId, assignment);
      return moduleAppliedTo(module, last, assignment, pass);
    });
    if (after.size === 0) moduleAssignments.delete(device.deviceId);
    else moduleAssignments.set(device.deviceId, after);
    const known = modulesOf(device);
    return modules.every((module, at) => module === known[at]) ? device : { ...device, modules };
  }

  function forget(deviceId: string): void {
    standings.put(deviceId, noAssignment, 'none');
    moduleAssignments.delete(deviceId);
  }

  function rank(changes: ReadonlyMap<string, Configuration | undefined>): void {
    for (const [id, configuration] of changes) {
      const selection = configuration && selectionOf(configuration.targetCondition, configuration.content.kind);
      ofDevices.set(id, configuration, selection?.of === 'devices' ? selection.meets : undefined);
      ofModules.set(id, configuration, selection?.of === 'modules' ? selection.meets : undefined);
      if (configuration === undefined) evaluated.delete(id);
      else evaluated.add(id);
      counted.delete(id);
    }
  }

  function evaluateAll(changed: ReadonlySet<string>, devices: ReadonlySet<string>, pass: Pass): void {
    const reassign = ofDevices.reassigning(changed);
    const modulesToo = ofModules.size() > 0 || moduleAssignments.size > 0;
    // Where a configuration is new, a device that it does not target needs no further look.
    const meets = ofDevices.meeting(changed);
    const known = [...standings.assignments()].some(({ ids }) => [...changed].some((id) => ids.has(id)));
    for (const device of [...registry.all()]) {
      if (!known && !modulesToo && !devices.has(device.deviceId) && !meets(device)) continue;
      const before = standings.assignmentOf(device.deviceId);
      const dirty = devices.has(device.deviceId);
      const after = dirty ? ofDevices.assign(device) : reassign(before, device);
      if (dirty || modulesToo || after !== before) settle(device, after, pass);
    }
    for (const deviceId of devices) if (registry.find(deviceId) === undefined) forget(deviceId);
  }

  function evaluateSome(devices: ReadonlySet<string>, pass: Pass): void {
    for (const deviceId of devices) {
      const device = registry.find(deviceId);
      if (device === undefined) forget(deviceId);
      else settle(device, ofDevices.assign(device), pass);
    }
  }

  function modulesCounted(counts: (assignment: Assignment) => boolean): number {
    let total = 0;
    for (const modules of moduleAssignments.values()) for (const each of modules.values()) if (counts(each)) total += 1;
    return total;
  }

  function customResults({ id, queries }: Configuration): Results['custom'] {
    const known = counted.get(id);
    if (known?.at === revision) return known.custom;
    const custom = Object.fromEntries(
      Object.entries(queries).map(([name, query]) => [name, countOf(registry.visible(), query)]),
    );
    counted.set(id, { at: revision, custom });
    return custom;
  }

  function systemResults({ id, content }: Configuration): Results['system'] {
    if (content.kind === 'moduleContent') {
      return {
        targetedCount: modulesCounted(({ ids }) => ids.has(id)),
        appliedCount: modulesCounted(({ applied }) => applied.has(id)),
      };
    }
    const applied = ({ assignment }: Standing) => assignment.applied.has(id);
    const targeted = ({ assignment }: Standing) => assignment.ids.has(id);
    const counts = { targetedCount: standings.count(targeted), appliedCount: standings.count(applied) };
    if (content.kind === 'deviceContent') return counts;
    return {
      ...counts,
      reportedSuccessfulCount: standings.count((each) => applied(each) && each.outcome === 'successful'),
      reportedFailedCount: standings.count((each) => applied(each) && each.outcome === 'failed'),
    };
  }

  return {
    configurationChanged(id, configuration) {
      revision += 1;
      dueConfigurations.add(id, configuration);
    },
    deviceChanged(deviceId) {
      revision += 1;
      const idle =
        ofDevices.size() === 0 && ofModules.size() === 0 && standings.size() === 0 && dueConfigurations.size() === 0;
      if (!applying && !idle) dueDevices.add(deviceId, true);
    },
    evaluate() {
      if (dueConfigurations.size() === 0 && dueDevices.size() === 0) return;
      const changes = dueConfigurations.take();
      const devices = new Set(dueDevices.take().keys());
      if (changes.size === 0 && devices.size === 0) return;
      const pass = newPass(registry.births, clock());
      applying = true;
      try {
        rank(changes);
        if (changes.size === 0) evaluateSome(devices, pass);
        else evaluateAll(new Set(changes.keys()), devices, pass);
      } finally {
        applying = false;
      }
      ofDevices.keepOnly(standings.assignments());
      ofModules.keepOnly(new Set([...moduleAssignments.values()].flatMap((modules) => [...modules.values()])));
    },
    results(configuration) {
      if (!evaluated.has(configuration.id)) return undefined;
      return { system: systemResults(configuration), custom: customResults(configuration) };
    },
  };
}

/** Whether the disk has to know. Which configurations target a module is worked out anew at each start. */
function sameModules(device: Identity, applied: Identity): boolean {
  const before = device.modules ?? [];
  const after = applied.modules ?? [];
  return before.length === after.length && before.every((module, at) => sameTwin(module, after[at]));
}

function sameTwin(module: Module, other: Module | undefined): boolean {
  return (
    module.moduleId === other?.moduleId && module.generationId === other.generationId && module.twin === other.twin
  );
}
