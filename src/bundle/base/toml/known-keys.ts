/**
 * What config.toml may say, from the structs that IoT Edge 1.2.10, 1.3.0, 1.4.43, 1.5.44 and 1.6.1 read it into
 * (iotedge/edgelet/iotedge/src/config/apply.rs and aziotctl-common/src/config/super_config.rs).
 */
export type TomlType =
  | { readonly kind: 'text' | 'boolean' | 'url' | 'file' | 'private-key' | 'anything' }
  /** Whole numbers. `min` counts from `since` on; before it, it is `minBefore`. */
  | {
      readonly kind: 'integer';
      readonly min: number;
      readonly max: number;
      readonly raised?: { readonly since: '1.4'; readonly min: number };
    }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  /** A text with a form of its own. */
  | { readonly kind: 'share-or-time' | 'retries' | 'slot' | 'duration' | 'whole-days' | 'time' }
  | { readonly kind: 'map'; readonly of: TomlType }
  | { readonly kind: 'list'; readonly of: TomlType }
  | { readonly kind: 'section'; readonly keys: Keys }
  | { readonly kind: 'either'; readonly of: readonly TomlType[] };

export interface Key {
  readonly type: TomlType;
  /** The first version that knows it; 1.2 if absent. */
  readonly since?: '1.3' | '1.4';
  /** The last version that knows it. */
  readonly last?: '1.4';
  /** The runtime refuses the section without it. */
  readonly required?: true;
  /** Where a part of a pair is missing or of a wrong type, the runtime leaves out the pair in silence. */
  readonly pair?: string;
  /** A value of a wrong type is left out in silence. */
  readonly lenient?: true;
}

type Keys = Readonly<Record<string, Key>>;

const text: TomlType = { kind: 'text' };
const url: TomlType = { kind: 'url' };
const file: TomlType = { kind: 'file' };
const privateKey: TomlType = { kind: 'private-key' };
const boolean: TomlType = { kind: 'boolean' };
/** 32 bits, as `u32` and `usize` of the runtime are wide enough for. */
const count: TomlType = { kind: 'integer', min: 0, max: 2 ** 32 - 1 };
const days: TomlType = { kind: 'integer', min: 1, max: 2 ** 32 - 1 };

const section = (keys: Keys): TomlType => ({ kind: 'section', keys });
const map = (of: TomlType): TomlType => ({ kind: 'map', of });
const list = (of: TomlType): TomlType => ({ kind: 'list', of });
const word = (...words: readonly string[]): TomlType => ({ kind: 'word', words });
const either = (...of: readonly TomlType[]): TomlType => ({ kind: 'either', of });
const optional = (type: TomlType): Key => ({ type });
const required = (type: TomlType): Key => ({ type, required: true });
const since = (version: '1.3' | '1.4', type: TomlType): Key => ({ type, since: version });
const paired = (pair: string, type: TomlType): Key => ({ type, pair });
const lenient = (type: TomlType): Key => ({ type, lenient: true });

const autoRenew = section({
  rotate_key: required(boolean),
  threshold: required({ kind: 'share-or-time' }),
  retry: required({ kind: 'share-or-time' }),
});

const method = word('est', 'local_ca', 'self_signed');
const names: Keys = { common_name: lenient(text), subject: lenient(map(text)) };

/** How the device gets a certificate by itself. */
const issuance = section({
  method: required(method),
  expiry_days: optional(days),
  ...names,
  url: optional(url),
  auto_renew: { type: autoRenew, since: '1.3', lenient: true },
});

const certificate = either(url, issuance);

const estAuth: Keys = {
  username: paired('password', text),
  password: paired('username', text),
  identity_cert: paired('identity_pk', url),
  identity_pk: paired('identity_cert', privateKey),
  bootstrap_identity_cert: paired('bootstrap_identity_pk', url),
  bootstrap_identity_pk: paired('bootstrap_identity_cert', privateKey),
};

const keyOfDevice = section({ value: optional(text), uri: optional(privateKey) });

const identity: Keys = { identity_cert: optional(certificate), identity_pk: optional(privateKey) };

const provisioning = section({
  source: required(word('manual', 'dps', 'none')),
  connection_string: optional(text),
  iothub_hostname: optional(text),
  device_id: optional(text),
  authentication: optional(
    section({ method: required(word('x509', 'sas')), ...identity, device_id_pk: optional(keyOfDevice) }),
  ),
  global_endpoint: optional(url),
  id_scope: optional(text),
  payload: since('1.4', section({ uri: required(url) })),
  attestation: optional(
    section({
      method: required(word('symmetric_key', 'x509', 'tpm')),
      registration_id: optional(text),
      ...identity,
      symmetric_key: optional(keyOfDevice),
    }),
  ),
});

const certIssuance = section({
  local_ca: optional(section({ cert: required(certificate), pk: optional(privateKey) })),
  est: optional(
    section({
      trusted_certs: optional(list(url)),
      identity_auto_renew: since('1.3', autoRenew),
      auth: optional(section(estAuth)),
      urls: optional(map(url)),
    }),
  ),
});

const agent = section({
  name: required(text),
  type: required(text),
  imagePullPolicy: optional(word('on-create', 'never')),
  config: required(
    section({
      image: required(text),
      imageHash: optional(text),
      createOptions: optional(map({ kind: 'anything' })),
      digest: optional(text),
      auth: optional(
        section({
          username: optional(text),
          password: optional(text),
          email: optional(text),
          serveraddress: optional(text),
        }),
      ),
    }),
  ),
  env: optional(map(text)),
});

const addresses: Keys = { workload_uri: required(url), management_uri: required(url) };

const network = either(
  text,
  section({
    name: required(text),
    ipv6: optional(boolean),
    ipam: optional(
      section({
        config: optional(list(section({ gateway: optional(text), subnet: optional(text), ip_range: optional(text) }))),
      }),
    ),
  }),
);

/** The forms of `edge_ca` are judged by `judgeEdgeCa`. */
export const edgeCa: Keys = {
  method: optional(method),
  cert: optional(url),
  pk: optional(url),
  auto_generated_edge_ca_expiry_days: optional(count),
  auto_renew: since('1.3', autoRenew),
  ...names,
  expiry_days: optional(days),
  url: optional(url),
  ...estAuth,
};

/** All keys of config.toml, by their sections. */
export const knownKeys: Keys = {
  hostname: optional(text),
  parent_hostname: optional(text),
  local_gateway_hostname: since('1.4', text),
  trust_bundle_cert: optional(file),
  allow_elevated_docker_permissions: optional(boolean),
  auto_reprovisioning_mode: optional(word('Dynamic', 'AlwaysOnStartup', 'OnErrorOnly')),
  imported_master_encryption_key: optional(text),
  additional_info: optional(file),
  iotedge_max_requests: since('1.4', section({ management: required(count), workload: required(count) })),
  cloud_timeout_sec: optional({
    kind: 'integer',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    raised: { since: '1.4', min: 70 },
  }),
  cloud_retries: optional(count),
  aziot_max_requests: since(
    '1.4',
    section({ keyd: required(count), certd: required(count), tpmd: required(count), identityd: required(count) }),
  ),
  prefer_module_identity_cache: since('1.4', boolean),
  provisioning: optional(provisioning),
  localid: optional(section({ domain: required(text) })),
  aziot_keys: optional(map(text)),
  preloaded_keys: optional(map(privateKey)),
  preloaded_certs: optional(map(either(url, list(text)))),
  cert_issuance: optional(certIssuance),
  tpm: since(
    '1.4',
    section({
      tcti: optional(text),
      auth_key_index: optional(count),
      hierarchy_authorization: optional(section({ endorsement: optional(text), owner: optional(text) })),
    }),
  ),
  // Debug builds of the runtime read it.
  endpoints: optional({ kind: 'anything' }),
  agent: optional(agent),
  connect: optional(section(addresses)),
  listen: optional(
    section({ ...addresses, min_tls_version: { type: word('tls1.0', 'tls1.1', 'tls1.2'), last: '1.4' } }),
  ),
  watchdog: optional(section({ max_retries: optional({ kind: 'retries' }) })),
  edge_ca: optional(section(edgeCa)),
  moby_runtime: optional(
    section({
      uri: required(url),
      network: required(network),
      content_trust: optional(section({ ca_certs: optional(map(url)) })),
    }),
  ),
  image_garbage_collection: since(
    '1.4',
    section({
      cleanup_recurrence: optional({ kind: 'whole-days' }),
      image_age_cleanup_threshold: optional({ kind: 'duration' }),
      cleanup_time: optional({ kind: 'time' }),
      enabled: optional(boolean),
    }),
  ),
};

/**
 * The parameters that the runtime's key library takes (aziot-keys/src/implementation.rs); it refuses others, and then
 * aziot-keyd does not start.
 */
export const keyParameters: readonly string[] = ['homedir_path', 'pkcs11_lib_path', 'pkcs11_base_slot'];

export function isKeyParameter(name: string): boolean {
  return keyParameters.includes(name) || name.startsWith('preloaded_key:');
}
