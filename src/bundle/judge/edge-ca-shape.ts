import type { RuntimeVersion } from '../../model/fleet.ts';
import {
  either,
  isPlainMap,
  listOf,
  type Misfit,
  map,
  mapOf,
  misfit,
  oneOf,
  type Shape,
  shape,
  text,
  truth,
  whole,
} from './shape.ts';
import { keyUri, keyUrl, url } from './uri-shapes.ts';
import { isAtLeast } from './version.ts';

const u32 = 4_294_967_295;

/** 1% to 99% of the lifetime, or a number of minutes or days (cert_renewal of Azure/iot-identity-service). */
const policy = shape('a text such as "80%", "30min" or "10day"', (value) => {
  const [, digits = '', unit = ''] = /^(\d{1,9})(%|min|day)$/.exec(typeof value === 'string' ? value : '') ?? [];
  const count = Number(digits);
  return count > 0 && (unit !== '%' || count < 100);
});

const autoRenew = map(
  { rotate_key: truth, threshold: policy, retry: policy },
  { required: ['rotate_key', 'threshold', 'retry'] },
);

/** How a certificate is issued on the device: CertIssuanceOptions. */
export function issuance(version: RuntimeVersion): Shape {
  return map(
    { method: oneOf('est', 'local_ca', 'self_signed'), expiry_days: whole(1, u32), url, ...renewal(version) },
    { required: ['method'] },
  );
}

/** 1.2 does not know `auto_renew`. */
function renewal(version: RuntimeVersion): Readonly<Record<string, Shape>> {
  return isAtLeast(version, '1.3.0') ? { auto_renew: autoRenew } : {};
}

const preloaded = map({ cert: url, pk: url }, { required: ['cert', 'pk'] });

function quickstart(version: RuntimeVersion): Shape {
  return map(
    { auto_generated_edge_ca_expiry_days: whole(0, u32), ...renewal(version) },
    { required: ['auto_generated_edge_ca_expiry_days'] },
  );
}

/** The three forms of `edge_ca`. The runtime takes the first one that fits, and reads no key of the others. */
type Form = 'issued' | 'preloaded' | 'quickstart';

function formsOf(version: RuntimeVersion): readonly (readonly [Form, Shape])[] {
  return [
    ['issued', issuance(version)],
    ['preloaded', preloaded],
    ['quickstart', quickstart(version)],
  ];
}

function formOf(value: unknown, version: RuntimeVersion): Form | undefined {
  return formsOf(version).find(([, fits]) => fits(value, []).length === 0)?.[0];
}

/** The table `edge_ca` of config.toml. */
export function edgeCaShape(version: RuntimeVersion): Shape {
  return (value, path) => {
    if (!isPlainMap(value)) return [misfit(path, 'a map', value)];
    switch (formOf(value, version)) {
      case 'issued':
        return [];
      // aziot-keyd and aziot-certd read these two after they have been applied.
      case 'preloaded':
        return keyUrl(value.pk, [...path, 'pk']);
      case 'quickstart':
        return whole(1, u32)(value[days], [...path, days]);
      case undefined:
        return misfitsOf(meantBy(value), value, path, version);
    }
  };
}

const days = 'auto_generated_edge_ca_expiry_days';

function meantBy(value: Readonly<Record<string, unknown>>): Form {
  if (value.method !== undefined) return 'issued';
  return value[days] === undefined && (value.cert !== undefined || value.pk !== undefined) ? 'preloaded' : 'quickstart';
}

function misfitsOf(form: Form, value: unknown, path: readonly string[], version: RuntimeVersion): readonly Misfit[] {
  return formsOf(version).flatMap(([name, fits]) => (name === form ? fits(value, path) : []));
}

/** The table `cert_issuance` of config.toml. */
export function certIssuanceShape(version: RuntimeVersion): Shape {
  const issued = map({ cert: issuance(version) }, { required: ['cert'] });
  const files = map({ cert: url, pk: keyUri }, { required: ['cert', 'pk'] });
  const est = map(
    {
      trusted_certs: listOf(url),
      auth: map({}),
      urls: mapOf(url),
      ...(isAtLeast(version, '1.3.0') ? { identity_auto_renew: autoRenew } : {}),
    },
    { required: isAtLeast(version, '1.3.0') ? [] : ['auth', 'urls'] },
  );
  return map({ local_ca: either(issued, files), est });
}

const pairs = [
  ['username', 'password', text],
  ['identity_cert', 'identity_pk', url],
  ['bootstrap_identity_cert', 'bootstrap_identity_pk', url],
] as const;

const paired = pairs.flatMap(([one, other]) => [String(one), other]);

/** The keys of a certificate request at an EST server that the runtime drops in silence, since one of a pair is missing. */
export function halfPairs(value: Readonly<Record<string, unknown>>): readonly string[] {
  return pairs.flatMap(([one, other, first]) => {
    const second = one === 'username' ? text : keyUri;
    const [hasOne, hasOther] = [value[one] !== undefined, value[other] !== undefined];
    const complete = first(value[one], []).length === 0 && second(value[other], []).length === 0;
    if (complete) return [];
    return [...(hasOne ? [one] : []), ...(hasOther ? [other] : [])];
  });
}

/** What each form reads of `edge_ca`. */
const readBy: Readonly<Record<Form, ReadonlySet<string>>> = {
  issued: new Set([...['method', 'expiry_days', 'auto_renew', 'common_name', 'subject', 'url'], ...paired]),
  preloaded: new Set(['cert', 'pk']),
  quickstart: new Set([days, 'auto_renew', 'common_name', 'subject']),
};

const known: ReadonlySet<string> = new Set(Object.values(readBy).flatMap((names) => [...names]));

/** The keys of `edge_ca` that the runtime drops in silence, because of the others. */
export function droppedOfEdgeCa(value: unknown, version: RuntimeVersion): readonly string[] {
  const form = formOf(value, version);
  if (form === undefined || !isPlainMap(value)) return [];
  const unread = Object.keys(value).filter((name) => known.has(name) && !readBy[form].has(name));
  if (form === 'preloaded') return unread;
  const halves = form === 'issued' && value.method === 'est' ? halfPairs(value) : [];
  const pairsElsewhere =
    form === 'issued' && value.method !== 'est' ? estOnly.filter((name) => value[name] !== undefined) : [];
  const hasCommonName = typeof value.common_name === 'string';
  const subject = value.subject !== undefined && (hasCommonName || mapOf(text)(value.subject, []).length > 0);
  return [
    ...unread,
    ...halves,
    ...pairsElsewhere,
    ...(value.common_name !== undefined && !hasCommonName ? ['common_name'] : []),
    ...(subject ? ['subject'] : []),
    ...(value.auto_renew !== undefined && !isAtLeast(version, '1.3.0') ? ['auto_renew'] : []),
  ];
}

const estOnly = ['url', ...paired];
