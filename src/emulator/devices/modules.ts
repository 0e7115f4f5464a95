import type { TwinState } from '../twins/twin-state.ts';
import { invalidValue, Refused } from '../wire/errors.ts';
import { type Identity, type Module, requireEtag } from './identity.ts';
import { isRuntimeModule, moduleOf, modulesOf, type WantedModule } from './module.ts';
import type { IdentityRegistry } from './registry.ts';

/** Documented: https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling#other-limits */
const most = 50;

/** The hub's name in messages; a hub of the service says its own. */
const hubName = 'localhost';

/** Throws `Refused` if the device is unknown, the module exists already or begins with `$`, or the device has 50 of them. */
export function createModule(
  registry: IdentityRegistry,
  deviceId: string,
  wanted: WantedModule,
  twin?: TwinState,
): Module {
  const device = registry.get(deviceId);
  const modules = modulesOf(device);
  if (modules.some(({ moduleId }) => moduleId === wanted.moduleId)) {
    const text = `Device ${deviceId} in IotHub ${hubName} already contains Module ${wanted.moduleId}.`;
    throw new Refused('ModuleAlreadyExistsOnDevice', text);
  }
  // Reported from a live hub: these names are for the modules of the runtime.
  if (wanted.moduleId.startsWith('$')) throw invalidValue('moduleId', wanted.moduleId);
  if (modules.length >= most) {
    throw new Refused(
      'TooManyModulesOnDevice',
      `The device '${deviceId}' has ${most} modules, which is the most it can have.`,
    );
  }
  const created: Module = {
    moduleId: wanted.moduleId,
    ...registry.births.next(),
    managedBy: wanted.managedBy,
    authentication: wanted.authentication ?? registry.births.keys(),
    ...(twin === undefined ? {} : { twin }),
  };
  keep(registry, device, created);
  return created;
}

/** Replaces the identity; the twin stays. `etag` undefined: any etag fits. Throws `Refused` if the service refuses. */
export function updateModule(
  registry: IdentityRegistry,
  deviceId: string,
  wanted: WantedModule,
  etag: string | undefined,
): Module {
  const device = registry.get(deviceId);
  const current = moduleOf(device, wanted.moduleId);
  requireEtag(current, etag);
  const updated: Module = {
    ...current,
    version: current.version + 1,
    managedBy: wanted.managedBy,
    authentication: wanted.authentication ?? registry.births.keys(),
  };
  keep(registry, device, updated);
  return updated;
}

/** Removes a module. Those of an edge device's runtime cannot be removed. Throws `Refused` if the service refuses. */
export function removeModule(
  registry: IdentityRegistry,
  deviceId: string,
  moduleId: string,
  etag: string | undefined,
): void {
  const device = registry.get(deviceId);
  requireEtag(moduleOf(device, moduleId), etag);
  if (isRuntimeModule(device, moduleId)) {
    throw new Refused('InvalidOperation', `The module '${moduleId}' of an edge device cannot be removed.`);
  }
  registry.amend(deviceId, { modules: (device.modules ?? []).filter((module) => module.moduleId !== moduleId) });
}

/** Replaces a module's twin; its identity and etag stay. */
export function amendModule(registry: IdentityRegistry, deviceId: string, moduleId: string, twin: TwinState): Module {
  const device = registry.get(deviceId);
  const amended: Module = { ...moduleOf(device, moduleId), twin };
  keep(registry, device, amended);
  return amended;
}

function keep(registry: IdentityRegistry, device: Identity, module: Module): void {
  const kept = device.modules ?? [];
  const known = kept.some(({ moduleId }) => moduleId === module.moduleId);
  const modules = known ? kept.map((one) => (one.moduleId === module.moduleId ? module : one)) : [...kept, module];
  registry.amend(device.deviceId, { modules });
}
