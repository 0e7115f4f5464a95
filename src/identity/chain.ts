import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ChainFault, Issuer } from '../model/identity.ts';
import { dateOf, parseCertificate, publicKeyOf } from './der.ts';
import { readStructure, type Structure } from './structure.ts';

/** The result of reading the certificates of one file, with the device's own certificate as `leaf`. `number` counts from 1. */
export type ChainReading =
  | {
      readonly kind: 'chain';
      readonly leaf: X509Certificate;
      /** In order: the first issued the leaf, each other one issued one before it. */
      readonly authorities: readonly ChainCertificate[];
      readonly faults: readonly ChainFault[];
    }
  | { readonly kind: 'damaged'; readonly number: number }
  | { readonly kind: 'too-long'; readonly count: number };

/** The authorities read so far, by their DER. The files of a fleet repeat the same few authorities. */
export type ChainCache = Map<string, ChainCertificate>;

/** The most certificates in a chain. Without this limit, a file with many certificates of one name would take minutes to judge. */
export const longestChain = 16;

/**
 * Sorts the certificates of a file so that each is issued by the next, as TLS requires (RFC 5246, 7.4.2). The leaf is the
 * certificate that issued none of the others, at any position. If there are several, it is the first that is not an authority,
 * or else the first.
 * @param ders at least one
 */
export function readChain(ders: readonly Buffer[], known: ChainCache): ChainReading {
  const named = new Map<string, ChainCertificate>();
  const repeated = new Set<string>();
  for (const [index, der] of ders.entries()) {
    const name = der.toString('latin1');
    const seen = named.get(name);
    if (seen !== undefined) {
      repeated.add(seen.subject);
      continue;
    }
    if (named.size === longestChain) return { kind: 'too-long', count: ders.length };
    const certificate = known.get(name) ?? chainCertificate(der);
    if (certificate === undefined) return { kind: 'damaged', number: index + 1 };
    named.set(name, certificate);
  }
  const found = [...named.values()];
  const leaf = leafOf(found);
  const { placed, strangers } = arrange(leaf, found);
  for (const [name, certificate] of named) if (certificate !== leaf) known.set(name, certificate);
  return {
    kind: 'chain',
    leaf: leaf.x509,
    authorities: placed.slice(1),
    faults: [...repeats(repeated), ...orderFaults(found, placed, strangers)],
  };
}

/** One certificate of a chain. Its properties cost more than parsing it, so each is computed once, and only when needed. */
class ChainCertificate {
  readonly x509: X509Certificate;
  readonly subject: string;
  readonly issuer: string;
  // Weak, since an authority in the cache outlives the leaves that it was compared with.
  readonly #verdicts = new WeakMap<ChainCertificate, boolean>();
  #key: { readonly public: KeyObject | undefined } | undefined;
  #pem: string | undefined;
  #described: Promise<Issuer> | undefined;

  constructor(x509: X509Certificate) {
    this.x509 = x509;
    this.subject = inOneLine(x509.subject);
    this.issuer = inOneLine(x509.issuer);
  }

  get pem(): string {
    this.#pem ??= this.x509.toString();
    return this.#pem;
  }

  get described(): Promise<Issuer> {
    this.#described ??= this.#describe();
    return this.#described;
  }

  async #describe(): Promise<Issuer> {
    const { subject, issuer, x509 } = this;
    const dates = { notBefore: dateOf(x509.validFrom), notAfter: dateOf(x509.validTo) };
    const key = publicKeyOf(x509);
    const bits = key?.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined;
    // An authority that cannot be read further is judged no further.
    const { weakSignature } = await readStructure(x509.raw).catch((): Pick<Structure, 'weakSignature'> => ({}));
    return {
      subject,
      ...dates,
      ...(bits === undefined ? {} : { bits }),
      // Nobody verifies the signature that a root made of itself.
      ...(weakSignature === undefined || subject === issuer ? {} : { weakSignature }),
    };
  }

  /** Tells whether the names match, the other may sign certificates, and its key made the signature. */
  isIssuedBy(other: ChainCertificate): boolean {
    const known = this.#verdicts.get(other);
    if (known !== undefined) return known;
    const verdict = this.x509.checkIssued(other.x509) && this.isSignedBy(other);
    this.#verdicts.set(other, verdict);
    return verdict;
  }

  isSignedBy(other: ChainCertificate): boolean {
    other.#key ??= { public: publicKeyOf(other.x509) };
    return other.#key.public !== undefined && this.x509.verify(other.#key.public);
  }
}

function chainCertificate(der: Buffer): ChainCertificate | undefined {
  const x509 = parseCertificate(der);
  return x509 === undefined ? undefined : new ChainCertificate(x509);
}

const longestName = 120;

/** `C=DE, O=Contoso, CN=Plant CA`. node:crypto writes each part on a line of its own and escapes line breaks in the parts. */
function inOneLine(name: string | undefined): string {
  const text = (name ?? '').replaceAll('\n', ', ');
  if (text === '') return '(no name)';
  return text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text;
}

function leafOf(found: readonly ChainCertificate[]): ChainCertificate {
  const issuedNone = found.filter((one) => !found.some((other) => other !== one && other.isIssuedBy(one)));
  const [first = issuedNone[0] ?? found[0]] = issuedNone.filter(({ x509 }) => !x509.ca);
  if (first === undefined) throw new Error('a chain has one certificate at least');
  return first;
}

/** Places each certificate after one that it issued, if possible after the last one. `strangers` issued none of the others. */
function arrange(leaf: ChainCertificate, found: readonly ChainCertificate[]) {
  const placed = [leaf];
  const waiting = found.filter((one) => one !== leaf);
  for (;;) {
    const last = placed.at(-1);
    const next =
      waiting.find((one) => last?.isIssuedBy(one)) ?? waiting.find((one) => placed.some((p) => p.isIssuedBy(one)));
    if (next === undefined) return { placed, strangers: waiting };
    placed.push(next);
    waiting.splice(waiting.indexOf(next), 1);
  }
}

function* repeats(subjects: ReadonlySet<string>): Generator<ChainFault> {
  if (subjects.size > 0) yield { kind: 'repeated', subjects: [...subjects] };
}

/** Reports a stranger instead of the order, because the order may change when the stranger is removed. */
function* orderFaults(
  found: readonly ChainCertificate[],
  placed: readonly ChainCertificate[],
  strangers: readonly ChainCertificate[],
): Generator<ChainFault> {
  const [stranger] = strangers;
  const own = strangers.filter((one) => isDevices(one, placed));
  if (own.length > 0) yield { kind: 'several', subjects: subjectsOf([...placed.slice(0, 1), ...own]) };
  else if (stranger !== undefined) yield strangerFault(stranger, placed);
  else if (!isInOrder(found)) {
    yield { kind: 'order', found: subjectsOf(found), expected: subjectsOf(placed) };
  }
}

function subjectsOf(chain: readonly ChainCertificate[]): readonly string[] {
  return chain.map(({ subject }) => subject);
}

/**
 * Whether a stranger is no authority's: it is not CA:TRUE, nor named as an issuer, and of another name than its own issuer's, or of
 * the leaf's. A root of version 1 does not say CA:TRUE.
 */
function isDevices({ x509, subject, issuer }: ChainCertificate, placed: readonly ChainCertificate[]): boolean {
  if (x509.ca) return false;
  const [leaf] = placed;
  return subject === leaf?.subject || (subject !== issuer && placed.every((one) => one.issuer !== subject));
}

/**
 * Whether the leaf is the first and each other certificate stands behind one that it issued. More is not asked: a cross-signed
 * chain has more than one right order (RFC 8446, 4.4.2).
 */
function isInOrder(found: readonly ChainCertificate[]): boolean {
  return found.every((one, index) => index === 0 || found.slice(0, index).some((before) => before.isIssuedBy(one)));
}

function strangerFault(stranger: ChainCertificate, placed: readonly ChainCertificate[]): ChainFault {
  const { subject } = stranger;
  const namesIt = placed.find(({ issuer }) => issuer === subject);
  if (namesIt !== undefined) {
    const why = namesIt.isSignedBy(stranger) ? 'may-not-sign' : 'other-key';
    return { kind: 'broken', subject, of: namesIt.subject, why, issuer: namesIt.issuer };
  }
  const last = placed.at(-1);
  const [of = '', issuer = ''] = [last?.subject, last?.issuer];
  return { kind: 'broken', subject, of, why: of === issuer ? 'behind-root' : 'stranger', issuer };
}
