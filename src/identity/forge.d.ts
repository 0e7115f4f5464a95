// @types/node-forge describes the whole package alone; this part of it loads five times faster.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 as whole } from 'node-forge';

  const asn1: Pick<typeof whole, 'derToOid' | 'toDer'> & {
    /** Without `decodeBitStrings` it tries to read the content of every bit string as ASN.1. */
    fromDer(bytes: string, options: { strict: boolean; decodeBitStrings: boolean }): whole.Asn1;
  };
  export default asn1;
}
