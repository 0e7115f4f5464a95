import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

/**
 * Checks that private keys in a security module can be reached: a library is named, a PIN has a key, and the PIN has
 * one source. Versions before 1.2 know no security modules. There this says nothing, since the keys of the manifest are
 * refused as such.
 */
export function judgeModule(device: Device): readonly Finding[] {
  const { identity, config, runtime } = device;
  if (generationOf(runtime.version) === 'iotedge') return [];
  const subjectOf = (key: string) => ({ place: device.place(key), device: device.id, hub: device.hub });
  const uris = [
    ['identity.privateKey', identity.privateKey],
    ['config.edgeCa.privateKey', config.edgeCa?.privateKey],
    ['config.pkcs11.baseSlot', config.pkcs11?.baseSlot],
  ] as const;
  const inModule = uris.filter(([, uri]) => isModuleUri(uri));
  const findings: Finding[] = [];
  for (const [key, uri] of inModule) {
    if (config.pkcs11 === undefined)
      findings.push(finding('config/pkcs11', { kind: 'no-library', key }, subjectOf(key)));
    // RFC 7512, section 2.4: a URI with both has to be refused.
    if (identity.pinFrom !== undefined && /[?&]pin-source=/i.test(uri ?? ''))
      findings.push(finding('config/pkcs11', { kind: 'two-pins', key }, subjectOf(key)));
  }
  if (identity.pinFrom !== undefined && inModule.length === 0)
    findings.push(finding('config/pkcs11', { kind: 'pin-alone' }, subjectOf('identity.pinFrom')));
  return findings;
}

export function isModuleUri(uri: string | undefined): boolean {
  return uri !== undefined && /^pkcs11:/i.test(uri);
}
