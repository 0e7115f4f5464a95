import { type Authentication, authenticationDocument } from '../devices/authentication.ts';
import { etagOf, type Identity, type Module } from '../devices/identity.ts';
import { modulesOf } from '../devices/module.ts';
import { moduleTwinDocument, twinDocument } from '../twins/twin.ts';
import { type TwinState, twinEtagOf } from '../twins/twin-state.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';

/**
 * The lines of an export for one device: the device, then its modules.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-bulk-identity-mgmt#export-devices
 */
export function deviceLines(device: Identity, keys: boolean): readonly string[] {
  const { deviceId, status, statusReason, deviceScope, parentScopes } = device;
  const line = {
    id: deviceId,
    eTag: etagOf(device),
    status,
    ...(statusReason === null ? {} : { statusReason }),
    authentication: exportedAuthentication(device.authentication, keys),
    ...exportedTwin(device.twin, () => twinDocument(device)),
    capabilities: { iotEdge: device.edge },
    ...(deviceScope === undefined ? {} : { deviceScope }),
    ...(parentScopes === undefined ? {} : { parentScopes }),
  };
  return [line, ...modulesOf(device).map((module) => moduleLine(deviceId, module, keys))].map((each) =>
    JSON.stringify(each),
  );
}

function moduleLine(deviceId: string, module: Module, keys: boolean): object {
  return {
    id: deviceId,
    moduleId: module.moduleId,
    eTag: etagOf(module),
    status: 'enabled',
    authentication: exportedAuthentication(module.authentication, keys),
    ...exportedTwin(module.twin, () => moduleTwinDocument(deviceId, module)),
  };
}

/** Without keys they are null, as documented. Thumbprints are no secrets. */
function exportedAuthentication(authentication: Authentication, keys: boolean): object {
  const secret = authentication.type === 'sas' && !keys;
  return authenticationDocument(secret ? { ...authentication, primary: null, secondary: null } : authentication);
}

/** The twin, if somebody has written it: without metadata and versions (MicrosoftDocs/azure-docs#116520). */
function exportedTwin(twin: TwinState | undefined, whole: () => object): object {
  const twinETag = twinEtagOf(twin);
  if (twin === undefined) return { twinETag };
  const properties: unknown = Reflect.get(whole(), 'properties');
  const sections = isJsonObject(properties) ? Object.entries(properties) : [];
  return {
    twinETag,
    tags: twin.tags,
    properties: Object.fromEntries(sections.map(([name, values]) => [name, withoutOwnNames(values)])),
  };
}

function withoutOwnNames(section: unknown): object {
  const entries = isJsonObject(section) ? Object.entries(section) : [];
  return Object.fromEntries(entries.filter(([name]) => name !== '$metadata' && name !== '$version'));
}

/** The parts of a configuration whose names are the service's own. */
const described: ReadonlySet<string> = new Set(['content', 'metrics', 'systemMetrics']);

/** The line of a configuration. Its names begin with capitals there (reported from a live hub). */
export function configurationLine(configuration: object): string {
  return JSON.stringify(
    capitalized(configuration, (name, value) =>
      described.has(name) && isJsonObject(value) ? capitalized(value, (_, inner) => inner) : value,
    ),
  );
}

function capitalized(object: JsonObject | object, inner: (name: string, value: unknown) => unknown): object {
  const capital = (name: string) => (name === 'etag' ? 'ETag' : name.charAt(0).toUpperCase() + name.slice(1));
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [capital(name), inner(name, value)]));
}
