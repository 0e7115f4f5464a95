import { distance } from 'fastest-levenshtein';
import type { Finding, Subject } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { type Base, topLevel } from './base.ts';

interface Later {
  /** The first version that has the key; 1.2 if absent. */
  readonly since?: string;
  /** The setting of config.yaml that says the same. */
  readonly instead?: string;
}

/** The top-level keys of config.toml that config.yaml does not have. */
const later: ReadonlyMap<string, Later> = new Map<string, Later>([
  ['parent_hostname', {}],
  ['trust_bundle_cert', { instead: 'certificates.trusted_ca_certs' }],
  ['manifest_trust_bundle_cert', {}],
  ['auto_reprovisioning_mode', { instead: 'provisioning.dynamic_reprovisioning' }],
  ['allow_elevated_docker_permissions', {}],
  ['imported_master_encryption_key', {}],
  ['prefer_module_identity_cache', {}],
  ['additional_info', {}],
  ['cloud_timeout_sec', {}],
  ['cloud_retries', {}],
  ['aziot_max_requests', {}],
  ['iotedge_max_requests', {}],
  ['aziot_keys', {}],
  ['preloaded_keys', {}],
  ['preloaded_certs', {}],
  ['cert_issuance', {}],
  ['tpm', {}],
  ['edge_ca', { instead: 'certificates.device_ca_cert and certificates.device_ca_pk' }],
  ['image_garbage_collection', { since: '1.4' }],
]);

/** Returns a finding for each top-level key of the file that the runtimes of its devices do not know. */
export function judgeBaseKeys(base: Base, devices: readonly Device[], subject: Subject): readonly Finding[] {
  const version = [...new Set(devices.map(({ runtime }) => runtime.version.text))].join(', ');
  return [...base.settings.entries].flatMap(([key, { key: offset }]) => {
    if (topLevel.has(key)) return [];
    const at = { ...subject, place: base.place(offset) };
    const known = later.get(key);
    if (known === undefined) return [unknownKey(base, key, at)];
    const since = known.since ?? '1.2';
    const problem = { kind: 'base-key', path: base.path, key, ...known, since } as const;
    return [finding('config/unsupported-by-version', { problem, version }, at)];
  });
}

function unknownKey({ path }: Base, key: string, at: Subject): Finding {
  const suggestion = [...topLevel].find((name) => distance(name, key) <= 2);
  const details = { path, key, known: [...topLevel], ...(suggestion === undefined ? {} : { suggestion }) };
  return finding('config/base-unknown-key', details, at);
}
