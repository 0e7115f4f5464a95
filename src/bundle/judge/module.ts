import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

/**
 * What keeps a private key in a security module from being found: the library that reaches it, a PIN without a key, or two
 * sources of the PIN. Nothing is said of versions that know no modules: there a key in one is told as such.
 */
export function judgeModule(device: Device): readonly Finding[] {
  const { identity, config, runtime } = device;
  if (generationOf(runtime.version) === 'iotedge') return [];
  const complain = (key: string, problem: string, remedy: string) => {
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    return finding('config/pkcs11', { problem, remedy }, subject);
  };
  const uris = [
    ['identity.privateKey', identity.privateKey],
    ['config.edgeCa.privateKey', config.edgeCa?.privateKey],
    ['config.pkcs11.baseSlot', config.pkcs11?.baseSlot],
  ] as const;
  const inModule = uris.filter(([, uri]) => isModuleUri(uri));
  const findings: Finding[] = [];
  for (const [key, uri] of inModule) {
    if (config.pkcs11 === undefined) {
      const problem = `${key} is in a security module, and config.pkcs11.library does not say how it is reached`;
      findings.push(complain(key, problem, library));
    }
    if (identity.pinFrom !== undefined && /[?&]pin-source=/i.test(uri ?? '')) {
      // RFC 7512, section 2.4: a URI with both is to be refused.
      const problem = `${key} says where the PIN is (pin-source), and identity.pinFrom too`;
      findings.push(complain(key, problem, 'Remove identity.pinFrom, or pin-source from the URI.'));
    }
  }
  if (identity.pinFrom !== undefined && inModule.length === 0) {
    const problem = 'identity.pinFrom names a PIN, and no private key is in a security module';
    const remedy = 'Give identity.privateKey a pkcs11: URI, or remove identity.pinFrom.';
    findings.push(complain('identity.pinFrom', problem, remedy));
  }
  return findings;
}

const library =
  "Set config.pkcs11.library to the module's PKCS#11 library on the device, such as /usr/lib/softhsm/libsofthsm2.so.";

export function isModuleUri(uri: string | undefined): boolean {
  return uri !== undefined && /^pkcs11:/i.test(uri);
}
