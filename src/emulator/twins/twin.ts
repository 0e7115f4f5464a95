import { type Authentication, thumbprintsOf } from '../devices/authentication.ts';
import { createdAt, etagOf, type Identity, type Module, never } from '../devices/identity.ts';
import type { Path } from '../queries/query.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { type TwinState, twinEtagOf } from './twin-state.ts';

type Fields<Owner> = { readonly [name: string]: (owner: Owner) => unknown };

/** The fields of a device or a module that its twin shows. */
interface Owner {
  readonly version: number;
  readonly authentication: Authentication;
  readonly twin?: TwinState;
}

/** The fields of a device's twin, in the service's order. */
const deviceFields: Fields<Identity> = {
  deviceId: (device) => device.deviceId,
  etag: (device) => twinEtagOf(device.twin),
  deviceEtag: etagOf,
  status: (device) => device.status,
  statusReason: (device) => device.statusReason ?? undefined,
  statusUpdateTime: (device) => device.statusUpdatedTime ?? never,
  connectionState: () => 'Disconnected',
  lastActivityTime: () => never,
  cloudToDeviceMessageCount: () => 0,
  authenticationType: (device) => device.authentication.type,
  x509Thumbprint: (device) => thumbprintsOf(device.authentication),
  // A device names its model when it connects.
  modelId: () => '',
  version: versionOf,
  tags: tagsOf,
  properties: (device) => propertiesOf(device, createdAt(device)),
  capabilities: (device) => ({ iotEdge: device.edge }),
  deviceScope: (device) => device.deviceScope,
  parentScopes: (device) => device.parentScopes,
};

/** A device's twin, as a GET and a query return it. */
export function twinDocument(device: Identity): object {
  return Object.fromEntries(
    Object.entries(deviceFields)
      .map(([name, value]) => [name, value(device)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/**
 * A module's twin. `status` is always enabled. Its times are `never`, where a device's are the time of its creation
 * (recorded).
 */
export function moduleTwinDocument(deviceId: string, module: Module): object {
  const tags = tagsOf(module);
  return {
    deviceId,
    moduleId: module.moduleId,
    etag: twinEtagOf(module.twin),
    deviceEtag: etagOf(module),
    status: 'enabled',
    statusUpdateTime: never,
    connectionState: 'Disconnected',
    lastActivityTime: never,
    cloudToDeviceMessageCount: 0,
    authenticationType: module.authentication.type,
    x509Thumbprint: thumbprintsOf(module.authentication),
    modelId: '',
    version: versionOf(module),
    ...(tags === undefined ? {} : { tags }),
    properties: propertiesOf(module, never),
  };
}

/**
 * One value of a device's twin. The service's own names are compared without case, since the documentation itself
 * writes `LastActivityTime`. Names of tags and properties are compared exactly.
 */
export function twinValue(device: Identity, path: Path): unknown {
  const [first = '', ...rest] = path;
  const field = property(deviceFields, first);
  let value: unknown = typeof field === 'function' ? field(device) : undefined;
  const exact = /^(?:tags|properties)$/i.test(first);
  for (const name of rest) value = isJsonObject(value) ? named(value, name, exact) : undefined;
  return value;
}

function named(object: JsonObject, name: string, exact: boolean): unknown {
  if (!exact) return property(object, name);
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The version of both sections together: 2 for a new twin, one more with every change. */
function versionOf({ twin }: Owner): number {
  return (twin?.counter ?? 1) + 1;
}

/** The tags; undefined if there are none, since a twin then does not show them. */
function tagsOf({ twin }: Owner): JsonObject | undefined {
  return twin === undefined || Object.keys(twin.tags).length === 0 ? undefined : twin.tags;
}

function propertiesOf({ twin }: Owner, created: string): object {
  const unused = { $metadata: { $lastUpdated: created }, $version: 1 };
  const desired = twin?.desired;
  return {
    desired:
      desired === undefined ? unused : { ...desired.values, $metadata: desired.metadata, $version: desired.version },
    reported: unused,
  };
}
