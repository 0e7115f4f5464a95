// @types/node-forge describes the whole package alone; this part of it loads five times faster.
declare module 'node-forge/lib/asn1.js' {
  const asn1: typeof import('node-forge').asn1;
  export default asn1;
}
