/**
 * How Newtonsoft.Json and .NET turn JSON numbers and texts into numbers: ParseReadNumber of JsonTextReader.cs, EnsureType of
 * JsonSerializerInternalReader.cs, and Convert.ChangeType behind it.
 */

/** The types of whole numbers that the runtime reads. `int32` has a reader of its own, which takes no fraction. */
export type WholeType = 'int32' | 'uint16' | 'uint32' | 'int64' | 'uint64';

/** What became of a value; `changed` if it is another number than was written. */
export type Whole =
  | { readonly kind: 'held'; readonly value: bigint; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly why: 'range' | 'form' };

const ranges: Readonly<Record<WholeType, readonly [least: bigint, most: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** @param written a JSON number, or `NaN`, `Infinity` */
export function wholeOfNumber(written: string, type: WholeType): Whole {
  if (isInteger(written)) return inRange(BigInt(written), type, false);
  // ReadAsInt32: "7200.0 is not a valid integer".
  if (type === 'int32') return { kind: 'refused', why: 'form' };
  const number = Number(written);
  if (!Number.isFinite(number)) return { kind: 'refused', why: 'range' };
  const rounded = halfToEven(number);
  return inRange(BigInt(rounded), type, rounded !== number);
}

/** NumberStyles.Integer: blanks around, a sign, digits. */
export function wholeOfText(text: string, type: WholeType): Whole {
  const match = /^[\t-\r ]*([-+]?)(\d+)[\t-\r ]*\0*$/.exec(text);
  if (match === null) return { kind: 'refused', why: 'form' };
  const [, sign = '', digits = ''] = match;
  // No number of these types has as many digits, but for zeros before it.
  const short = digits.replace(/^0+(?=\d)/, '');
  if (short.length > 25) return { kind: 'refused', why: 'range' };
  return inRange(sign === '-' ? -BigInt(short) : BigInt(short), type, false);
}

function inRange(value: bigint, type: WholeType, changed: boolean): Whole {
  const [least, most] = ranges[type];
  return value < least || value > most ? { kind: 'refused', why: 'range' } : { kind: 'held', value, changed };
}

export function isInteger(written: string): boolean {
  return /^-?\d+$/.test(written);
}

/** Convert.ToUInt32 and its like round half to even. */
function halfToEven(number: number): number {
  const low = Math.floor(number);
  const rest = number - low;
  if (rest < 0.5) return low === 0 ? 0 : low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** How a number is written after edgeAgent has read it and written it again: `1.10` is `1.1`, `1e5` is `100000.0`. */
export function respelt(written: string): string {
  if (isInteger(written)) return String(BigInt(written));
  const text = doubleText(Number(written));
  return /[.E]|Infinity|NaN/.test(text) ? text : `${text}.0`;
}

/** double.ToString(): the fewest digits that read as the same number, with an exponent from 1E+15 on and below 1E-05. */
export function doubleText(number: number): string {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'NaN' : number < 0 ? '-Infinity' : 'Infinity';
  if (Object.is(number, -0)) return '-0';
  const [mantissa = '0', exponentText = '0'] = number.toExponential().split('e');
  const exponent = Number(exponentText);
  if (number !== 0 && (exponent >= 15 || exponent < -5)) {
    return `${mantissa}E${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain = String(number);
  return plain.includes('e') ? number.toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - exponent)) : plain;
}
