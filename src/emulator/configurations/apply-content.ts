import type { IdentityRegistry } from '../devices/registry.ts';
import { Refused } from '../wire/errors.ts';
import type { JsonObject } from '../wire/json.ts';
import { modulesWith, newPass } from './apply.ts';
import { invalidContent, wantedContent } from './content.ts';
import { settingsOf } from './settings.ts';

/**
 * Applies a content to the modules of one edge device. Throws `Refused` if there is no such device, it is not an edge
 * device, or the content is not one for its modules.
 */
export function applyContentTo(registry: IdentityRegistry, deviceId: string, body: JsonObject): void {
  const device = registry.get(deviceId);
  // The words are reported from a live hub.
  if (!device.edge) throw new Refused('ArgumentInvalid', 'Not an Azure IoT Edge device');
  const content = wantedContent(body);
  if (content.kind !== 'modulesContent') throw invalidContent();
  const settings = Object.entries(content.value).map(([name, each]) => [name, settingsOf(each, undefined)] as const);
  const modules = modulesWith(device, new Map(settings), newPass(registry.births, registry.clock()));
  registry.amend(deviceId, { modules });
}
