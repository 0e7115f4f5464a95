import { rule } from './rule.ts';
import { identityService, manifest, newVersions, nobody } from './sources.ts';

/** Why a private key in a security module cannot be used. `key`: the key of the manifest that has its URI. */
type ModuleProblem = { readonly kind: 'no-library'; readonly key: string } | { readonly kind: 'pin-alone' };

/** What the runtime leaves out of a `pkcs11:` URI in silence, or what the URI leaves open. */
export type ModuleUriRemark =
  /** `parts`: their names, those that RFC 7512 knows; `others`: how many there are that it does not know. */
  | { readonly kind: 'dropped'; readonly parts: readonly string[]; readonly others: number }
  | { readonly kind: 'token-beside-slot' }
  | { readonly kind: 'twice'; readonly part: string }
  | { readonly kind: 'no-object' };

function remarkText(remark: ModuleUriRemark): { readonly remark: string; readonly remedy: string } {
  switch (remark.kind) {
    case 'dropped':
      return {
        remark: `the runtime ignores in the URI: ${listed(remark)}; it reads token, slot-id, object and pin-value alone`,
        remedy: 'Remove it from the URI. Name the key by object=…, and the PIN by identity.pinFrom.',
      };
    case 'token-beside-slot':
      return {
        remark: 'the URI has token and slot-id, and the runtime takes slot-id alone',
        remedy: 'Keep the one that is meant. The number of a slot may change when the device starts again.',
      };
    case 'twice':
      return {
        remark: `the URI has ${remark.part} more than once, and the last one counts`,
        remedy: 'Keep one of them.',
      };
    case 'no-object':
      return {
        remark: 'the URI names no object, so the runtime takes whichever private key it finds first in the module',
        remedy: 'Add object=LABEL to the URI, with the label of the key.',
      };
  }
}

function listed({ parts, others }: { readonly parts: readonly string[]; readonly others: number }): string {
  const rest = others === 0 ? [] : [others === 1 ? '1 part of another name' : `${others} parts of other names`];
  return [...parts, ...rest].join(', ');
}

export const pkcs11Rules = {
  'config/pkcs11': rule<ModuleProblem>({
    severity: 'error',
    refusedBy: [
      manifest,
      {
        who: 'runtime',
        versions: newVersions,
        when: 'start',
        source: identityService('1.5.0', 'key/aziot-keys/src/implementation.rs'),
      },
    ],
    about:
      'The runtime cannot reach a private key in a security module (PKCS#11): no library is named, or there is a PIN without a key.',
    message: (problem) =>
      problem.kind === 'no-library'
        ? `${problem.key} is in a security module, and config.pkcs11.library does not say how it is reached`
        : 'identity.pinFrom names a PIN, and no private key is in a security module',
    remedy: (problem) =>
      problem.kind === 'no-library'
        ? "Set config.pkcs11.library to the module's PKCS#11 library on the device, such as /usr/lib/softhsm/libsofthsm2.so."
        : 'Give identity.privateKey a pkcs11: URI, or remove identity.pinFrom.',
    example: { kind: 'no-library', key: 'identity.privateKey' },
  }),
  'config/pkcs11-uri': rule<{ key: string; remark: ModuleUriRemark }>({
    severity: 'warning',
    refusedBy: nobody,
    adjustable: 'off',
    about:
      'The pkcs11: URI (RFC 7512) has parts that the runtime ignores. It may find another key (Uri::from_str in pkcs11/pkcs11/src/lib.rs of Azure/iot-identity-service).',
    message: ({ key, remark }) => `${key}: ${remarkText(remark).remark}`,
    remedy: ({ remark }) => remarkText(remark).remedy,
    example: { key: 'identity.privateKey', remark: { kind: 'dropped', parts: ['id'], others: 0 } },
  }),
};
