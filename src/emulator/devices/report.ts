import { reportedTwin } from '../twins/twin-state.ts';
import type { JsonObject } from '../wire/json.ts';
import { moduleOf } from './module.ts';
import { amendModule } from './modules.ts';
import type { IdentityRegistry } from './registry.ts';

/** Writes reported properties as the device, or one of its modules, would. Throws `Refused` if there is none or it is refused. */
export function reportFor(
  registry: IdentityRegistry,
  deviceId: string,
  moduleId: string | undefined,
  reported: JsonObject,
): void {
  const device = registry.get(deviceId);
  const now = registry.clock();
  if (moduleId === undefined) registry.amend(deviceId, { twin: reportedTwin(device.twin, reported, now) });
  else amendModule(registry, deviceId, moduleId, reportedTwin(moduleOf(device, moduleId).twin, reported, now));
}
