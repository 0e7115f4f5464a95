import forge from 'node-forge';
import { parse, stringify } from 'smol-toml';
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml';
import type { Notation } from './mutate-tree.ts';
import type { TargetName } from './targets.ts';

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
  read: (input) => partOf(forge.asn1.fromDer(input.toString('binary'))),
  write: written,
};

const pem: Notation = {
  read: (input) => {
    const { body = '' } = forge.pem.decode(input.toString('latin1'))[0] ?? {};
    return der.read(Buffer.from(body, 'binary'));
  },
  write: (value) => `-----BEGIN CERTIFICATE-----\n${written(value).toString('base64')}\n-----END CERTIFICATE-----\n`,
};

/** A value of ASN.1 without what only its reader notes. Bytes are the characters of a string. */
interface Part {
  readonly tag: number;
  readonly of: forge.asn1.Class;
  readonly value: string | readonly Part[];
}

function partOf(node: forge.asn1.Asn1): Part {
  const { tagClass, type, value } = node;
  // The reader looks into BIT STRINGs, and keeps their bytes here.
  const bits: unknown = Reflect.get(node, 'bitStringContents');
  const plain = typeof bits === 'string' ? bits : value;
  return { tag: type, of: tagClass, value: typeof plain === 'string' ? plain : plain.map(partOf) };
}

/** Throws if a changed value is no ASN.1 any more. */
function written(value: unknown): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1Of(value)).getBytes(), 'binary');
}

function asn1Of(part: unknown): forge.asn1.Asn1 {
  if (!isPart(part)) throw new TypeError('no ASN.1');
  const { tag, of, value } = part;
  return forge.asn1.create(of, tag, typeof value !== 'string', typeof value === 'string' ? value : value.map(asn1Of));
}

const isPart = (value: unknown): value is Part =>
  typeof value === 'object' && value !== null && 'value' in value && 'tag' in value && 'of' in value;

/** In which kinds of input single values can be changed, beside bytes. */
export const notations: Readonly<Partial<Record<TargetName, Notation>>> = {
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
