/** A number that JSON does not have, as one that it has: `007` is octal, `0x1f` hexadecimal, `1.` and `.5` have digits left out. */
export function otherNumber(written: string): string | undefined {
  if (/^0x[0-9a-f]+$/i.test(written)) return String(BigInt(written));
  if (/^0[0-9a-f-]+$/i.test(written))
    return /^0[0-7]+$/.test(written) ? String(BigInt(`0o${written.slice(1)}`)) : undefined;
  if (/^-0+\d+$/.test(written)) return String(BigInt(written));
  const parts = /^(-?)(\d*)\.?(\d*)([eE][-+]?\d+)?$/.exec(written);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  return `${sign}${whole.replace(/^0+(?=\d)/, '') || '0'}.${fraction || '0'}${exponent}`;
}
