import { type DeviceDocument, deviceDocument, wantedIdentity } from './devices/identity.ts';
import { reportFor } from './devices/report.ts';
import type { Service } from './http/call.ts';
import { twinDocument } from './twins/twin.ts';
import { patchedTwin, wantedTwin } from './twins/twin-state.ts';
import { type JsonObject, property } from './wire/json.ts';

/** Direct access to the state of a hub, without HTTP, rights and counters. */
export interface StateAccess {
  /** The answer to `GET /devices/{id}`. */
  get(deviceId: string): DeviceDocument | undefined;
  /** All devices, oldest first. */
  all(): readonly DeviceDocument[];
  /**
   * Creates or replaces a device; any etag fits. Takes the body of a PUT, with `deviceId` in it. Throws `Refused` if it
   * is invalid.
   */
  put(device: JsonObject): DeviceDocument;
  /** Throws `Refused` if there is no such device. */
  remove(deviceId: string): void;
  /** The answer to `GET /twins/{id}`. */
  twin(deviceId: string): object | undefined;
  /**
   * Acts as a PATCH of the twin; any etag fits: `{ tags, properties: { desired } }`. Throws `Refused` if it is refused.
   */
  patchTwin(deviceId: string, twin: JsonObject): object;
  /**
   * Acts as the device, or one of its modules, that writes reported properties. They are merged. Throws `Refused` if it
   * is refused.
   */
  report(deviceId: string, reported: JsonObject, moduleId?: string): void;
}

/** `flush` writes changes to disk. */
export function stateAccess(
  { registry, evaluation }: Pick<Service, 'registry' | 'evaluation'>,
  flush: () => void,
): StateAccess {
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
      evaluation.evaluate();
      const identity = registry.find(deviceId);
      return identity === undefined ? undefined : twinDocument(identity);
    },
    patchTwin(deviceId, body) {
      const twin = patchedTwin(registry.get(deviceId).twin, wantedTwin(body), registry.clock());
      const amended = registry.amend(deviceId, { twin });
      flush();
      return twinDocument(amended);
    },
    report(deviceId, reported, moduleId) {
      evaluation.evaluate();
      reportFor(registry, deviceId, moduleId, reported);
      flush();
    },
  };
}
