import { epochTicks, etagOf, type Identity, never, thumbprintsOf } from './identity.ts';
import { isJsonObject, property } from './json.ts';
import type { Path } from './query.ts';

/** What a device's twin shows of its identity, field by field. Tags and properties are those of a device that nobody has used yet. */
const fields: { readonly [name: string]: (identity: Identity) => unknown } = {
  deviceId: (identity) => identity.deviceId,
  etag: () => 'AAAAAAAAAAE=',
  deviceEtag: etagOf,
  status: (identity) => identity.status,
  statusReason: (identity) => identity.statusReason ?? undefined,
  statusUpdateTime: (identity) => identity.statusUpdatedTime ?? never,
  connectionState: () => 'Disconnected',
  lastActivityTime: () => never,
  cloudToDeviceMessageCount: () => 0,
  authenticationType: (identity) => identity.authentication.type,
  x509Thumbprint: (identity) => thumbprintsOf(identity.authentication),
  version: () => 2,
  properties: (identity) => ({ desired: unusedProperties(identity), reported: unusedProperties(identity) }),
  capabilities: (identity) => ({ iotEdge: identity.edge }),
  deviceScope: (identity) => identity.deviceScope,
  parentScopes: (identity) => identity.parentScopes,
};

/** A device's twin as a query shows it. */
export function twinDocument(identity: Identity): object {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, value(identity)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** One value of a twin; names are compared without case (the documentation itself writes `LastActivityTime`). */
export function twinValue(identity: Identity, path: Path): unknown {
  const [first = '', ...rest] = path;
  const field = property(fields, first);
  let value: unknown = typeof field === 'function' ? field(identity) : undefined;
  for (const name of rest) value = isJsonObject(value) ? property(value, name) : undefined;
  return value;
}

function unusedProperties(identity: Identity): object {
  const created = Number((BigInt(identity.generationId) - epochTicks) / 10_000n);
  return { $metadata: { $lastUpdated: new Date(created).toISOString() }, $version: 1 };
}
