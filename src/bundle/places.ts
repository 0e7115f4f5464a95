import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Finding, Judged } from '../model/finding.ts';
import type { Device } from '../model/fleet.ts';
import { finding } from '../rules/rules.ts';

/** Where the device keeps its pair, as the `file:` URIs that config.yaml takes. */
export interface PairPlaces {
  readonly certificate: string;
  readonly privateKey: string;
}

const folder = '/var/lib/iotedge/identity';
type Key = keyof PairPlaces;

/**
 * The places of the pair on a Linux device with IoT Edge 1.0 or 1.1.
 *
 * By default the files carry the id as it is (every character of an id is legal in a Linux file name), and the URI is
 * that path encoded once: device `a#1` has the file `a#1.pem` and the URI `…/a%231.pem`. `undefined` where a place cannot
 * be used; keys in `skip` are not looked at.
 */
export function pairPlaces(device: Device, skip: ReadonlySet<string> = new Set()): Judged<PairPlaces | undefined> {
  const findings: Finding[] = [];
  const uris: { certificate?: URL; privateKey?: URL } = {};
  const subjectOf = (key: Key) => ({ place: device.place(`identity.${key}`), device: device.id, hub: device.hub });
  const complain = (key: Key, value: string, problem: string) => {
    const expected = pathToFileURL(defaultPath(device.id, key), posix).href;
    findings.push(finding('config/uri', { key: `identity.${key}`, value, problem, expected }, subjectOf(key)));
  };

  for (const key of ['certificate', 'privateKey'] as const) {
    if (skip.has(`identity.${key}`)) continue;
    const given = device.identity[key];
    const read = readPlace(given ?? defaultPath(device.id, key));
    if ('problem' in read) {
      complain(key, read.shown, read.problem);
      continue;
    }
    uris[key] = read.uri;
    if (read.uri.pathname.includes('%')) {
      const details = { key: `identity.${key}`, path: fileURLToPath(read.uri, posix) };
      findings.push(finding('config/path-needs-encoding', details, subjectOf(key)));
    }
  }

  const { certificate, privateKey } = uris;
  if (certificate === undefined || privateKey === undefined) return { value: undefined, findings };
  if (fileURLToPath(certificate, posix) === fileURLToPath(privateKey, posix)) {
    complain('privateKey', privateKey.href, 'is the place of the certificate too, expected a file of its own');
    return { value: undefined, findings };
  }
  return { value: { certificate: certificate.href, privateKey: privateKey.href }, findings };
}

const posix = { windows: false };

function defaultPath(id: string, key: Key): string {
  return `${folder}/${id}${key === 'certificate' ? '.pem' : '.key.pem'}`;
}

type ReadPlace = { readonly uri: URL } | { readonly shown: string; readonly problem: string };

function readPlace(text: string): ReadPlace {
  const wrong = (problem: string, shown = text): ReadPlace => ({ shown, problem });
  if (text === '') return wrong('is empty');
  if (hasControl(text)) return wrong('has a line break, a tab or another control character');
  if (/^[A-Za-z]:([\\/]|$)|^\\/.test(text)) return wrong('is a Windows path, on a Linux device');
  if (text.endsWith('/')) return wrong('names a folder, expected a file');
  if (text.startsWith('/')) return hasDots(text) ? wrong(dots) : { uri: pathToFileURL(text, posix) };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return wrong('is a relative path');
  // What follows another scheme may be a PIN.
  if (scheme === 'pkcs11') return wrong('is a PKCS#11 URI, which begins with IoT Edge 1.2', 'pkcs11:…');
  if (scheme !== 'file') return wrong(`has the scheme "${scheme}:", expected "file:"`, `${scheme}:…`);
  return readFileUri(text, wrong);
}

/** Stricter than the runtime, which loads most of these and fails later: https://github.com/Azure/iotedge/issues/4336 */
function readFileUri(text: string, wrong: (problem: string) => ReadPlace): ReadPlace {
  if (!/^file:\/\//i.test(text)) return wrong('is a file: URI without // after the colon');
  if (text.includes('\\') || /^file:\/*[A-Za-z][:|]/i.test(text)) return wrong('is a Windows path, on a Linux device');
  if (text.includes('#')) return wrong('has a "#", which ends the path (in a file name it is written %23)');
  if (text.includes('?')) return wrong('has a "?", which ends the path (in a file name it is written %3F)');
  const authority = /^file:\/\/([^/]*)/i.exec(text)?.[1] ?? '';
  if (/:\d*$/.test(authority)) return wrong('has a port, expected none');
  if (!/^(localhost)?$/i.test(authority)) return wrong(`has the host "${authority}", expected none or localhost`);
  if (hasDots(text)) return wrong(dots);
  try {
    const uri = new URL(text);
    const path = fileURLToPath(uri, posix);
    if (hasControl(path)) return wrong('has an encoded control character');
    return path.endsWith('/') ? wrong('names a folder, expected a file') : { uri };
  } catch {
    return wrong('is no valid URI: "%" begins two hex digits and does not encode a slash');
  }
}

const dots = 'has a "." or ".." between slashes, expected the path that it ends in';

/** Before `URL` takes them out, encoded ones too, and another place is written than the one that was read over. */
function hasDots(text: string): boolean {
  return /\/(\.|%2e){1,2}(\/|$)/i.test(text);
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
