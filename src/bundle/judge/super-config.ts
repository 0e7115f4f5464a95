import type { RuntimeVersion } from '../../model/fleet.ts';
import { createOptionsShape } from './create-options-shape.ts';
import { isTimeOfDay, isWholeDays, readDuration } from './duration.ts';
import { certIssuanceShape, droppedOfEdgeCa, edgeCaShape, halfPairs, issuance } from './edge-ca-shape.ts';
import { orderProblems, refusesEmptyNames, writesOldToml } from './old-toml.ts';
import {
  either,
  isPlainMap,
  listOf,
  type Misfit,
  map,
  mapOf,
  misfit,
  oneOf,
  type Shape,
  type Shapes,
  shape,
  text,
  truth,
  whole,
} from './shape.ts';
import { fileUri, keyUri, moduleUri, url } from './uri-shapes.ts';
import { isAtLeast } from './version.ts';

/**
 * What the runtime refuses of the values of a config.toml (1.2 to 1.6): `iotedge config apply` does, or a daemon that
 * cannot read what it wrote. Keys that a version does not know are passed over, as the runtime does.
 * @param config the parsed file
 */
export function superConfigMisfits(config: unknown, version: RuntimeVersion): readonly Misfit[] {
  const misfits = superConfigShape(version)(config, []);
  return [...misfits, ...namesakes(config, version), ...agentMisfits(config, version), ...emptyNames(config, version)];
}

/** The paths of the values of a config.toml that the runtime drops in silence, since others make it read another form. */
export function droppedOfSuperConfig(config: unknown, version: RuntimeVersion): readonly (readonly string[])[] {
  if (!isPlainMap(config)) return [];
  const auth = at(config, ['cert_issuance', 'est', 'auth']);
  return [
    ...droppedOfEdgeCa(config.edge_ca, version).map((name) => ['edge_ca', name]),
    ...(isPlainMap(auth) ? halfPairs(auth).map((name) => ['cert_issuance', 'est', 'auth', name]) : []),
  ];
}

const u32 = 4_294_967_295;
const u64 = 2 ** 64 - 1;
const texts = mapOf(text);
const count = whole(0, u64, 'a whole number');
const file = fileUri('aziot');

function superConfigShape(version: RuntimeVersion): Shape {
  const since = (minor: string, shapes: Shapes): Shapes => (isAtLeast(version, minor) ? shapes : {});
  return map(
    {
      hostname: text,
      parent_hostname: text,
      trust_bundle_cert: file,
      allow_elevated_docker_permissions: truth,
      auto_reprovisioning_mode: oneOf('Dynamic', 'AlwaysOnStartup', 'OnErrorOnly'),
      imported_master_encryption_key: text,
      additional_info: file,
      cloud_timeout_sec: whole(isAtLeast(version, '1.4.0') ? 70 : 1, u64, cloudTimeout(version)),
      cloud_retries: whole(0, u32),
      provisioning: provisioning(version),
      localid: map({ domain: text }, { required: ['domain'] }),
      aziot_keys: keyLibrary,
      preloaded_keys: mapOf(keyUri),
      preloaded_certs: mapOf(either(listOf(text), url)),
      cert_issuance: certIssuanceShape(version),
      edge_ca: edgeCaShape(version),
      agent: agent(version),
      connect: addresses({}),
      listen: addresses(isAtLeast(version, '1.5.0') ? {} : { min_tls_version: oneOf('tls1.0', 'tls1.1', 'tls1.2') }),
      watchdog: map({ max_retries: either(whole(0, u32), infinite) }),
      moby_runtime: map(
        { uri: url, network, content_trust: map({ ca_certs: mapOf(url) }) },
        { required: ['uri', 'network'] },
      ),
      ...since('1.4.0', {
        local_gateway_hostname: text,
        iotedge_max_requests: counts('management', 'workload'),
        aziot_max_requests: counts('keyd', 'certd', 'tpmd', 'identityd'),
        prefer_module_identity_cache: truth,
        image_garbage_collection: imageGarbageCollection(version),
        tpm: map({
          tcti: text,
          auth_key_index: count,
          hierarchy_authorization: map({ endorsement: text, owner: text }),
        }),
      }),
    },
    { required: ['provisioning'] },
  );
}

function cloudTimeout(version: RuntimeVersion): string {
  return isAtLeast(version, '1.4.0') ? 'a whole number of 70 or more' : 'a whole number of 1 or more';
}

function counts(...names: readonly string[]): Shape {
  return map(Object.fromEntries(names.map((name) => [name, count])), { required: names });
}

function addresses(more: Shapes): Shape {
  const both = { workload_uri: url, management_uri: url };
  return map({ ...both, ...more }, { required: Object.keys(both) });
}

const infinite = shape(
  '"infinite" or a whole number of 32 bits',
  (value) => typeof value === 'string' && value.toLowerCase() === 'infinite',
);

const ipam = map({ config: listOf(map({ gateway: text, subnet: text, ip_range: text })) });
/** The container network, a name or a map: the same from 1.0.10 to 1.6. */
export const network: Shape = either(text, map({ name: text, ipv6: truth, ipam }, { required: ['name'] }));

/** Parameters of the key library (aziot-keys/src/implementation.rs). It refuses others, and then no key is found. */
const keyLibrary: Shape = (value, path) => {
  const misfits = texts(value, path);
  if (misfits.length > 0 || !isPlainMap(value)) return misfits;
  const unknown = Object.keys(value).filter((name) => !keyParameters.has(name) && !name.startsWith('preloaded_key:'));
  return [
    ...unknown.map((name) => ({
      path: [...path, name],
      expected: [...keyParameters].join(' or '),
      found: 'another name',
    })),
    ...map({ pkcs11_base_slot: moduleUri })(value, path),
  ];
};

const keyParameters: ReadonlySet<string> = new Set(['homedir_path', 'pkcs11_lib_path', 'pkcs11_base_slot']);

/** Only `manual` is looked at: the sections of the other sources are replaced by the device's own. */
function provisioning(version: RuntimeVersion): Shape {
  const files = map({ identity_cert: file, identity_pk: keyUri }, { required: ['identity_cert', 'identity_pk'] });
  const issued = map({ identity_cert: issuance(version) }, { required: ['identity_cert'] });
  const byMethod: Readonly<Record<string, Shape>> = {
    x509: either(issued, files),
    sas: map({ device_id_pk: map({}) }, { required: ['device_id_pk'] }),
  };
  const authentication: Shape = (value, path) => {
    const misfits = map({ method: oneOf('x509', 'sas') }, { required: ['method'] })(value, path);
    if (misfits.length > 0 || !isPlainMap(value)) return misfits;
    return byMethod[String(value.method)]?.(value, path) ?? [];
  };
  const manual = map(
    { iothub_hostname: text, device_id: text, authentication },
    { required: ['iothub_hostname', 'device_id', 'authentication'] },
  );
  const connection = map({ connection_string: text }, { required: ['connection_string'] });
  return (value, path) => {
    const misfits = map({ source: oneOf('manual', 'dps', 'none') }, { required: ['source'] })(value, path);
    if (misfits.length > 0 || at(value, ['source']) !== 'manual') return misfits;
    return either(connection, manual)(value, path);
  };
}

function agent(version: RuntimeVersion): Shape {
  return map(
    {
      name: text,
      type: text,
      imagePullPolicy: oneOf('on-create', 'never'),
      config: map({ ...agentConfig(version), digest: text }, { required: ['image'] }),
      env: texts,
    },
    { required: ['name', 'type', 'config'] },
  );
}

/** The settings of the agent's container that config.yaml and config.toml share. */
export function agentConfig(version: RuntimeVersion): Shapes {
  return {
    image: text,
    imageHash: text,
    createOptions: createOptionsShape(version),
    auth: map({ username: text, password: text, email: text, serveraddress: text }),
  };
}

function imageGarbageCollection(version: RuntimeVersion): Shape {
  const duration = shape(
    'a duration such as 7d',
    (value) => typeof value === 'string' && readDuration(value, version) !== undefined,
  );
  const recurrence = shape('whole days, such as 1d', (value) => {
    const length = typeof value === 'string' ? readDuration(value, version) : undefined;
    return length !== undefined && isWholeDays(length);
  });
  const time = shape('a time such as "03:00"', (value) => typeof value === 'string' && isTimeOfDay(value));
  return map({
    cleanup_recurrence: recurrence,
    image_age_cleanup_threshold: duration,
    cleanup_time: time,
    enabled: truth,
  });
}

/** From 1.4 on the parent's host name has two names, and both at once are the same key twice. */
function namesakes(config: unknown, version: RuntimeVersion): readonly Misfit[] {
  const both = at(config, ['parent_hostname']) !== undefined && at(config, ['local_gateway_hostname']) !== undefined;
  if (!both || !isAtLeast(version, '1.4.0')) return [];
  return [
    { path: ['local_gateway_hostname'], expected: 'nothing beside parent_hostname', found: 'the same key again' },
  ];
}

/** What the writer of TOML 0.5 refuses of the agent. It writes `digest` behind the table of `createOptions`. */
function agentMisfits(config: unknown, version: RuntimeVersion): readonly Misfit[] {
  if (!writesOldToml(version)) return [];
  const path = ['agent', 'config'];
  const digest = at(config, [...path, 'digest']);
  const found = orderProblems(at(config, [...path, 'createOptions']), version).map((problem): Misfit => {
    const expected =
      problem.kind === 'behind-table' ? `nothing that is written behind ${problem.behind}` : 'a list of maps alone';
    return { path: [...path, 'createOptions', ...problem.path], expected, found: 'a plain value' };
  });
  return [...(digest === undefined ? [] : [misfit([...path, 'digest'], 'nothing before 1.4.9', digest)]), ...found];
}

/** The TOML readers of 1.2 and 1.3 refuse an empty key anywhere. */
function emptyNames(value: unknown, version: RuntimeVersion, path: readonly string[] = []): readonly Misfit[] {
  if (!refusesEmptyNames(version) || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === '' ? [{ path: [...path, name], expected: 'a name', found: 'an empty one' }] : []),
    ...emptyNames(inner, version, [...path, name]),
  ]);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isPlainMap(inner) ? inner[name] : undefined), value);
}
