import forge from 'node-forge';
import { parse, stringify } from 'smol-toml';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import type { Notation } from './mutate-tree.ts';

const json: Notation = {
  read: (input) => JSON.parse(input.toString('utf8')),
  write: (value) => JSON.stringify(value) ?? '',
};

const yaml: Notation = {
  read: (input) => parseYaml(input.toString('utf8'), { logLevel: 'silent' }),
  write: (value) => stringifyYaml(value, { aliasDuplicateObjects: false }),
};

const toml: Notation = {
  read: (input) => parse(input.toString('utf8')),
  write: (value) => stringify(value),
};

const der: Notation = {
  read: (input) => forge.asn1.fromDer(input.toString('binary')),
  write: written,
};

const pem: Notation = {
  read: (input) => forge.asn1.fromDer(forge.pem.decode(input.toString('latin1'))[0]?.body ?? ''),
  write: (value) => `-----BEGIN CERTIFICATE-----\n${written(value).toString('base64')}\n-----END CERTIFICATE-----\n`,
};

/** Throws if a changed value is no ASN.1 any more. */
function written(value: unknown): Buffer {
  if (!isAsn1(value)) throw new TypeError('no ASN.1');
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'binary');
}

const isAsn1 = (value: unknown): value is forge.asn1.Asn1 =>
  typeof value === 'object' && value !== null && 'value' in value && 'tagClass' in value;

/** In which kinds of input single values can be changed, beside bytes. */
export const notations: Readonly<Partial<Record<string, Notation>>> = {
  'manifest-yaml': yaml,
  'manifest-json': json,
  'base-toml': toml,
  'base-yaml': yaml,
  'certificate-der': der,
  'certificate-pem': pem,
  'plan-file': json,
  'hub-answer': json,
  twin: json,
};
