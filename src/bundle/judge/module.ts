import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { ModuleUriRemark } from '../../rules/pkcs11.ts';
import { finding } from '../../rules/rules.ts';
import { type DroppedPart, type ModuleUri, readModuleUri } from './pkcs11-uri.ts';
import { generationOf } from './runtime.ts';

const baseSlot = 'config.pkcs11.baseSlot';

/**
 * Checks that private keys in a security module can be reached: a library is named, and a PIN has a key. It tells what
 * the runtime leaves out of the URIs. Versions before 1.2 know no security modules. There this says nothing, since the
 * keys of the manifest are refused as such. The URIs of keys in `skip` are not looked at.
 */
export function judgeModule(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const { identity, config, runtime } = device;
  if (generationOf(runtime.version) === 'iotedge') return [];
  const subjectOf = (key: string) => ({ place: device.place(key), device: device.id, hub: device.hub });
  const uris = [
    ['identity.privateKey', identity.privateKey],
    ['config.edgeCa.privateKey', config.edgeCa?.privateKey],
    [baseSlot, config.pkcs11?.baseSlot],
  ] as const;
  const findings: Finding[] = [];
  let inModule = 0;
  for (const [key, uri] of uris) {
    if (uri === undefined || !isModuleUri(uri)) continue;
    inModule += 1;
    if (config.pkcs11 === undefined)
      findings.push(finding('config/pkcs11', { kind: 'no-library', key }, subjectOf(key)));
    if (skip.has(key)) continue;
    const read = readModuleUri(uri);
    if (typeof read !== 'string') {
      for (const remark of remarksOn(read, key))
        findings.push(finding('config/pkcs11-uri', { key, remark }, subjectOf(key)));
    } else if (key === baseSlot) {
      // The places of private keys are judged with those of the other files.
      const details = { key, value: 'pkcs11:…', problem: { kind: read }, expected: 'pkcs11:token=edge' } as const;
      findings.push(finding('config/uri', details, subjectOf(key)));
    }
  }
  if (identity.pinFrom !== undefined && inModule === 0)
    findings.push(finding('config/pkcs11', { kind: 'pin-alone' }, subjectOf('identity.pinFrom')));
  return findings;
}

export function isModuleUri(uri: string | undefined): boolean {
  return uri !== undefined && /^pkcs11:/i.test(uri);
}

function remarksOn({ dropped, object }: ModuleUri, key: string): readonly ModuleUriRemark[] {
  const unknown = dropped.filter(({ why }) => why === 'unknown').map(({ name }) => name);
  const parts = [...new Set(unknown.filter((name) => attributes.has(name)))];
  const others = unknown.filter((name) => !attributes.has(name)).length;
  return [
    ...(unknown.length === 0 ? [] : [{ kind: 'dropped', parts, others } as const]),
    ...dropped.flatMap(remarkOn),
    ...(object === undefined && key !== baseSlot ? [{ kind: 'no-object' } as const] : []),
  ];
}

function remarkOn({ name, why }: DroppedPart): readonly ModuleUriRemark[] {
  if (why === 'beside-slot') return [{ kind: 'token-beside-slot' }];
  return why === 'twice' ? [{ kind: 'twice', part: name }] : [];
}

/** The names of RFC 7512, section 2.3. Another name may be a PIN without its name: it is not quoted. */
const attributes: ReadonlySet<string> = new Set([
  ...['token', 'manufacturer', 'serial', 'model', 'library-manufacturer', 'library-version', 'library-description'],
  ...['object', 'type', 'id', 'slot-manufacturer', 'slot-description', 'slot-id'],
  ...['pin-source', 'pin-value', 'module-name', 'module-path'],
]);
