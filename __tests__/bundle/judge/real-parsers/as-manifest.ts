import { isPlainMap } from '../../../../src/bundle/judge/shape.ts';
import { type Fact, isToml, type Row } from './facts.ts';

/** The input of a fact as the settings of a device in a manifest; `undefined` if the manifest has no key for it. */
export function asManifest(fact: Fact): object | undefined {
  const settings = settingsOf(fact);
  if (settings === undefined) return undefined;
  return { runtime: { version: fact.version.text, platform: 'debian' }, ...settings };
}

function settingsOf(fact: Fact): object | undefined {
  const { list, row, name } = fact;
  switch (list) {
    case 'createOptions':
    case 'createOptions with null':
      return agent({ createOptions: row.value });
    case 'pkcs11':
      return { identity: { privateKey: row.uri }, ...(isToml(fact) ? { config: { pkcs11: { library } } } : {}) };
    case 'identity':
      return identity(row, fact);
    case 'env':
      return agent({ env: row.env });
    case 'image':
      return agent({ image: row.value });
    case 'registry':
      return agent({ registry: registry(row.auth) });
    case 'agent':
      return name === 'createOptions null' ? agent({ createOptions: null }) : undefined;
    case 'durations':
      return row.key === null
        ? { config: { imageGarbageCollection: row.value } }
        : { config: { imageGarbageCollection: renamed({ [String(row.key)]: row.value }, collection) } };
    case 'moby_runtime':
      return 'network' in row ? { config: { network: network(row.network) } } : undefined;
    case 'edge_ca':
      return 'beside' in row
        ? undefined
        : sayable(row.edge_ca, edgeCa, (config) => ({ edgeCa: config, ...module(row.edge_ca) }));
    case 'certificates':
      return certificates(row.certificates);
    case 'watchdog':
      return 'max_retries' in row ? { config: { watchdog: { maxRetries: row.max_retries } } } : undefined;
    case 'auto_reprovisioning_mode':
      return { config: { autoReprovisioningMode: row.value } };
    case 'trust_bundle_cert':
      return { config: { trustBundle: row.value } };
    case 'aziot_keys':
      return sayable(row.aziot_keys, keys, (config) => ({ pkcs11: config }));
    // The names of hosts are judged as `iotedge check` does, and a manifest can say no more of the other lists.
    default:
      return undefined;
  }
}

const library = '/usr/lib/softhsm/libsofthsm2.so';

function agent(settings: object): object {
  return { config: { agent: settings } };
}

function identity(row: Row, fact: Fact): object | undefined {
  if (!('identity_cert' in row || 'identity_pk' in row)) return undefined;
  const inModule = isToml(fact) && String(row.identity_pk).startsWith('pkcs11:');
  return {
    identity: renamed(row, { identity_cert: 'certificate', identity_pk: 'privateKey' }, 'the others are left out'),
    ...(inModule ? { config: { pkcs11: { library } } } : {}),
  };
}

/** The manifest names the password by a variable. */
function registry(auth: unknown): unknown {
  if (!isPlainMap(auth)) return auth;
  const { password, ...others } = auth;
  const from = typeof password === 'string' ? 'IOTEDGE_PASSWORD' : password;
  return {
    ...renamed(others, { serveraddress: 'server' }),
    ...(password === undefined ? {} : { passwordFrom: from }),
  };
}

const collection = {
  cleanup_recurrence: 'cleanupRecurrence',
  image_age_cleanup_threshold: 'imageAgeCleanupThreshold',
  cleanup_time: 'cleanupTime',
};
const edgeCa = { cert: 'certificate', pk: 'privateKey', auto_generated_edge_ca_expiry_days: 'lifetimeDays' };
const keys = { pkcs11_lib_path: 'library', pkcs11_base_slot: 'baseSlot' };

/** A key in a security module needs the module's library. */
function module(value: unknown): object {
  return isPlainMap(value) && String(value.pk).startsWith('pkcs11:') ? { pkcs11: { library } } : {};
}

function network(value: unknown): unknown {
  if (!isPlainMap(value)) return typeof value === 'string' ? { name: value } : value;
  const { ipam, ...others } = value;
  if (!isPlainMap(ipam)) return value;
  const { config, ...more } = ipam;
  const ranges = Array.isArray(config)
    ? config.map((range) => (isPlainMap(range) ? renamed(range, { ip_range: 'ipRange', ipRange: 'ip_range' }) : range))
    : config;
  return { ...others, ipam: Object.keys(more).length === 0 ? ranges : ipam };
}

/** Up to 1.1. */
function certificates(value: unknown): object | undefined {
  if (!isPlainMap(value)) return undefined;
  const { trusted_ca_certs: trustBundle, ...others } = value;
  const names = {
    device_ca_cert: 'certificate',
    device_ca_pk: 'privateKey',
    auto_generated_ca_lifetime_days: 'lifetimeDays',
  };
  return { config: { edgeCa: renamed(others, names), ...(trustBundle === undefined ? {} : { trustBundle }) } };
}

/** The settings, if the manifest has a key for each of them. */
function sayable(
  value: unknown,
  names: Readonly<Record<string, string>>,
  within: (config: object) => object,
): object | undefined {
  if (!isPlainMap(value) || !Object.keys(value).every((name) => name in names)) return undefined;
  return { config: within(renamed(value, names)) };
}

function renamed(value: Row, names: Readonly<Record<string, string>>, others?: 'the others are left out'): object {
  const entries = Object.entries(value).filter(([name]) => others === undefined || name in names);
  return Object.fromEntries(entries.map(([name, inner]) => [names[name] ?? name, inner]));
}
