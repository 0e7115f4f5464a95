import type { Fact } from './facts.ts';
import type { Verdict } from './verdicts.ts';

/** Where our verdict is another one than the recorded one, and why. */
export interface Deviation {
  readonly why: string;
  readonly ours: Verdict;
  readonly covers: (fact: Fact) => boolean;
}

const inList =
  (list: string, ...names: readonly (string | RegExp)[]) =>
  (fact: Fact) =>
    fact.list === list && names.some((name) => (typeof name === 'string' ? name === fact.name : name.test(fact.name)));

const anyOf =
  (...covers: readonly ((fact: Fact) => boolean)[]) =>
  (fact: Fact) =>
    covers.some((one) => one(fact));

/** Of the parsed values of a config.yaml. */
export const onValues: readonly Deviation[] = [
  {
    why: 'The file had a number with the fraction .0, which JSON and JavaScript do not tell from a whole number.',
    ours: 'accepted',
    covers: anyOf(inList('createOptions', 'wrong-memory-float-whole'), inList('watchdog', '5.0')),
  },
];

/** Of a manifest. Where we accept what was refused, the file that we write is judged in its place. */
export const onManifest: readonly Deviation[] = [
  {
    why: 'What the models of 1.2.0, 1.2.10 and 1.4.0 wrote was not read back. 1.3.0, which has the same writer, could not read it.',
    ours: 'refused',
    covers: (fact) =>
      fact.asked.startsWith('models of ') &&
      inList('createOptions', 'unknown-key', 'mixed-list-with-table', 'nested-list-of-maps')(fact),
  },
  {
    why: 'iotedge config apply takes it, and the key library (aziot-keys of 1.6.0) refuses it when it starts.',
    ours: 'refused',
    covers: inList('aziot_keys', /^base slot (not a URI|empty|file)$/, 'unknown parameter'),
  },
  {
    why: 'The version does not know the key and passes over it in silence: the device would not get what was meant.',
    ours: 'refused',
    covers: ({ verdict }) => verdict === 'passed over',
  },
  {
    why: 'The runtime drops it in silence because of the keys beside it: the device would not get what was meant.',
    ours: 'refused',
    covers: anyOf(
      inList('edge_ca', 'cert, pk and expiry', 'cert alone and expiry'),
      inList('certificates', /^without /, /^(device_ca_cert|device_ca_pk|trusted_ca_certs) null$/),
    ),
  },
  {
    why: 'The manifest has no such key. A key that it does not know is refused: it would be read and ignored.',
    ours: 'refused',
    covers: anyOf(
      inList('registry', 'with email', 'camel case address', /^unknown key/),
      inList('moby_runtime', 'map ipam ipRange', 'map ipam driver', 'map unknown key', 'map driver'),
      inList('certificates', 'unknown key'),
      (fact) => fact.list === 'durations' && fact.row.key === 'fancy',
    ),
  },
  {
    why: 'A secret must not stand in a repository: the PIN comes from identity.pinFrom.',
    ours: 'refused',
    covers: anyOf(
      inList('pkcs11', /pin-value=./i),
      inList('edge_ca', 'pk in a module'),
      inList('aziot_keys', 'base slot with pin'),
    ),
  },
  {
    why: 'The container engine refuses it, and edgeAgent or its network is never made: the name of an image, of a registry, ranges of addresses.',
    ours: 'refused',
    covers: anyOf(
      inList('image', '""', '" "', /^" |[ ]/, '"a\\nb"'),
      inList('registry', 'empty address'),
      inList('moby_runtime', 'map ipam empty entry', 'map ipam not an address'),
    ),
  },
  {
    why: 'Nobody signs in to a registry with a part of address, user name and password.',
    ours: 'refused',
    covers: inList('registry', 'empty', / alone$/),
  },
  {
    why: 'No certificate and no key is there: a folder, an empty or relative path, another host, another scheme. The daemon that reads it fails, and the installer has nothing to check.',
    ours: 'refused',
    covers: anyOf(
      inList('identity', /^(folder|root|scheme alone) as /),
      inList('edge_ca', 'cert https'),
      inList('certificates', / (a relative path|https|empty|with another host)$/),
    ),
  },
  {
    why: 'The renderer, the shell and the terminal take no such text: control characters, bytes that are not UTF-8.',
    ours: 'refused',
    covers: anyOf(
      inList('identity', /^(percent not utf-8|percent nul|tab) as /),
      inList('env', 'name with line break', 'value NUL'),
    ),
  },
  {
    why: 'JavaScript does not hold the number exactly, and another one would arrive.',
    ours: 'refused',
    covers: inList('createOptions', 'big-integer'),
  },
  {
    why: 'A list of a manifest holds no null: TOML has none, so that the items behind it would move up.',
    ours: 'refused',
    covers: inList('createOptions with null', 'in a list, not typed'),
  },
  {
    why: 'In a map of a manifest null takes the key away, and no null is written; what is left out gets a default.',
    ours: 'accepted',
    covers: anyOf(
      inList('createOptions with null', 'a label', 'a port', 'endpoint'),
      inList('agent', 'createOptions null'),
      inList('certificates', 'lifetime null'),
      inList('moby_runtime', 'null', 'map without name', 'map empty'),
      inList('edge_ca', 'empty'),
      inList('env', 'null'),
      (fact) => fact.list === 'image' && fact.row['left out'] === true,
    ),
  },
  {
    why: 'The manifest takes paths, and URIs in any form: the usual form of the URI is written.',
    ours: 'accepted',
    covers: anyOf(
      inList('identity', /^(capital scheme|leading space) as identity_pk$/, /^(plain path|query) as /),
      inList('edge_ca', /^(cert|pk) plain path$/),
      inList('trust_bundle_cert', '"/var/aziot/certs/bundle.pem"'),
    ),
  },
  {
    why: 'The manifest has one word for all versions. Up to 1.1 infinite is written by leaving the section out.',
    ours: 'accepted',
    covers: inList('watchdog', /infinite/i),
  },
  {
    why: 'A number of a manifest has no fraction .0: the whole number is written.',
    ours: 'accepted',
    covers: anyOf(inList('watchdog', '5.0'), inList('edge_ca', 'expiry 90.0')),
  },
];
