/**
 * Texts that look like a date are dates while the deployment goes through Newtonsoft.Json, and are written again in its own form:
 * TryParseDateTime of DateTimeUtils.cs and DateTimeParser.cs. Containers of IoT Edge run in UTC.
 */
export function respeltDate(text: string): string | undefined {
  if (text.startsWith('/Date(')) return text.length >= 9 && text.endsWith(')/') ? microsoftDate(text) : undefined;
  if (text.length < 19 || text.length > 40 || text[10] !== 'T') return undefined;
  return isoDate(text);
}

const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?(?:([zZ])|([-+])(\d\d)(?::?(\d\d)|:)?)?$/;

function isoDate(text: string): string | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [
    ,
    y = '',
    mo = '',
    d = '',
    h = '',
    mi = '',
    s = '',
    fraction = '',
    utc,
    sign,
    zoneHour = '0',
    zoneMinute = '0',
  ] = match;
  const [year, month, day, hour, minute, second] = [y, mo, d, h, mi, s].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const isMidnight = hour === 24 && minute === 0 && second === 0 && Number(fraction) === 0;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (minute > 59 || second > 59 || (hour > 23 && !isMidnight)) return undefined;
  const offset = sign === undefined ? 0 : (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1);
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute - offset, second);
  const kind = utc !== undefined ? 'Z' : sign === undefined ? '' : '+00:00';
  return written(time, fraction, kind);
}

function microsoftDate(text: string): string | undefined {
  const match = /^\/Date\((-?\d+)([-+]\d{2,4})?\)\/$/.exec(text);
  if (match === null) return undefined;
  const [, milliseconds = '', offset] = match;
  const time = new Date(Number(milliseconds));
  if (Number.isNaN(time.getTime())) return undefined;
  const fraction = String(((Number(milliseconds) % 1000) + 1000) % 1000).padStart(3, '0');
  return written(time, fraction, offset === undefined ? 'Z' : '+00:00');
}

function written(time: Date, fraction: string, kind: string): string {
  const digits = fraction.replace(/0+$/, '');
  return `${time.toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}${kind}`;
}

function daysIn(year: number, month: number): number {
  const end = new Date(0);
  end.setUTCFullYear(year, month, 0);
  return end.getUTCDate();
}
