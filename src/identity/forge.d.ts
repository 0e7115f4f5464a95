// @types/node-forge describes only the whole package. This part of it loads five times faster.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 as whole } from 'node-forge';

  const asn1: Pick<typeof whole, 'derToOid' | 'toDer'> & {
    /** With `decodeBitStrings`, the default, it tries to read the content of every bit string as ASN.1. */
    fromDer(bytes: string, options: { strict: boolean; decodeBitStrings: boolean }): whole.Asn1;
  };
  export default asn1;
}
