import { type Authentication, thumbprintsOf } from '../devices/authentication.ts';
import { createdAt, etagOf, type Identity, type Module, never } from '../devices/identity.ts';
import type { Path } from '../queries/expression.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { type Section, type TwinState, twinEtagOf } from './twin-state.ts';

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
  configurations: (device) => device.configurations,
  capabilities: (device) => ({ iotEdge: device.edge }),
  deviceScope: (device) => device.deviceScope,
  parentScopes: (device) => device.parentScopes,
};

/** A device's twin, as a GET and a query return it. */
export function twinDocument(device: Identity): object {
  return documentOf(deviceFields, device);
}

/** A module and its device. */
export interface ModuleRow {
  readonly device: Identity;
  readonly module: Module;
}

/**
 * The fields of a module's twin. `status` is always enabled. Its times are `never`, where a device's are the time of its
 * creation (recorded).
 */
const moduleFields: Fields<Module> = {
  moduleId: (module) => module.moduleId,
  etag: (module) => twinEtagOf(module.twin),
  deviceEtag: etagOf,
  status: () => 'enabled',
  statusUpdateTime: () => never,
  connectionState: () => 'Disconnected',
  lastActivityTime: () => never,
  cloudToDeviceMessageCount: () => 0,
  authenticationType: (module) => module.authentication.type,
  x509Thumbprint: (module) => thumbprintsOf(module.authentication),
  modelId: () => '',
  version: versionOf,
  tags: tagsOf,
  properties: (module) => propertiesOf(module, never),
  configurations: (module) => module.configurations,
};

/** A module's twin, as a GET and a query return it. */
export function moduleTwinDocument(deviceId: string, module: Module): object {
  return { deviceId, ...documentOf(moduleFields, module) };
}

function documentOf<Owner>(fields: Fields<Owner>, owner: Owner): object {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, value(owner)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/**
 * How a column of device twins is read. The service's own names are compared without case, since the documentation
 * itself writes `LastActivityTime`. Names of tags, properties and configurations are compared exactly.
 */
export function deviceColumn(path: Path): (device: Identity) => unknown {
  return columnOf(deviceFields, path);
}

/** The same for module twins. */
export function moduleColumn(path: Path): (row: ModuleRow) => unknown {
  if (path.length === 1 && /^deviceId$/i.test(path[0] ?? '')) return ({ device }) => device.deviceId;
  const column = columnOf(moduleFields, path);
  return ({ module }) => column(module);
}

/** The name of a column in an answer: its last one, and the service's own in the service's spelling (documented). */
export function deviceName(path: Path): string {
  return columnName(deviceFields, path);
}

export function moduleName(path: Path): string {
  return columnName({ deviceId: () => '', ...moduleFields }, path);
}

function columnName<Owner>(fields: Fields<Owner>, path: Path): string {
  const last = path.at(-1) ?? '';
  return path.length === 1 ? (ownName(fields, last) ?? last) : last;
}

function ownName<Owner>(fields: Fields<Owner>, name: string): string | undefined {
  const lower = name.toLowerCase();
  return Object.keys(fields).find((candidate) => candidate.toLowerCase() === lower);
}

function columnOf<Owner>(fields: Fields<Owner>, path: Path): (owner: Owner) => unknown {
  const [first = '', ...rest] = path;
  const field = fields[ownName(fields, first) ?? ''];
  if (field === undefined) return () => undefined;
  const exact = /^(?:tags|properties|configurations)$/i.test(first);
  return (owner) => {
    let value = field(owner);
    for (const name of rest) value = isJsonObject(value) ? named(value, name, exact) : undefined;
    return value;
  };
}

function named(object: JsonObject, name: string, exact: boolean): unknown {
  if (!exact) return property(object, name);
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The version of both sections together: 2 for a new twin, one more with every change. A report does not move the etag. */
function versionOf({ twin }: Owner): number {
  return (twin?.counter ?? 1) + (twin?.reported?.version ?? 1);
}

/** The tags; undefined if there are none, since a twin then does not show them. */
function tagsOf({ twin }: Owner): JsonObject | undefined {
  return twin === undefined || Object.keys(twin.tags).length === 0 ? undefined : twin.tags;
}

function propertiesOf({ twin }: Owner, created: string): object {
  const unused = { $metadata: { $lastUpdated: created }, $version: 1 };
  return { desired: sectionDocument(twin?.desired) ?? unused, reported: sectionDocument(twin?.reported) ?? unused };
}

function sectionDocument(section: Section | undefined): object | undefined {
  return section && { ...section.values, $metadata: section.metadata, $version: section.version };
}
