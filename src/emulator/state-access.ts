import { type DeviceDocument, deviceDocument, wantedIdentity } from './devices/identity.ts';
import type { IdentityRegistry } from './devices/registry.ts';
import { twinDocument } from './twins/twin.ts';
import { patchedTwin, wantedTwin } from './twins/twin-state.ts';
import { type JsonObject, property } from './wire/json.ts';

/** The state of a hub, past HTTP, rights and counters. */
export interface StateAccess {
  /** What `GET /devices/{id}` would answer. */
  get(deviceId: string): DeviceDocument | undefined;
  /** Oldest first. */
  all(): readonly DeviceDocument[];
  /** Creates or replaces, whatever the etag; takes the body of a PUT, `deviceId` in it. Throws `Refused` for an invalid one. */
  put(device: JsonObject): DeviceDocument;
  /** Throws `Refused` where there is none. */
  remove(deviceId: string): void;
  /** What `GET /twins/{id}` would answer. */
  twin(deviceId: string): object | undefined;
  /** As a PATCH of the twin, whatever its etag: `{ tags, properties: { desired } }`. Throws `Refused` where it is refused. */
  patchTwin(deviceId: string, twin: JsonObject): object;
}

/** `flush` writes changes to disk. */
export function stateAccess(registry: IdentityRegistry, flush: () => void): StateAccess {
  return {
    get(deviceId) {
      const identity = registry.find(deviceId);
      return identity === undefined ? undefined : deviceDocument(identity);
    },
    all: () => [...registry.all()].map(deviceDocument),
    put(device) {
      const written = registry.put(wantedIdentity(property(device, 'deviceId'), device));
      flush();
      return deviceDocument(written);
    },
    remove(deviceId) {
      registry.remove(deviceId, undefined);
      flush();
    },
    twin(deviceId) {
      const identity = registry.find(deviceId);
      return identity === undefined ? undefined : twinDocument(identity);
    },
    patchTwin(deviceId, body) {
      const twin = patchedTwin(registry.get(deviceId).twin, wantedTwin(body), registry.clock());
      const amended = registry.amend(deviceId, { twin });
      flush();
      return twinDocument(amended);
    },
  };
}
