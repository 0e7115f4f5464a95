import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Finding, Judged } from '../../model/finding.ts';
import { type Device, fileNameOf } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import type { PlaceProblem, PlainPlaceProblem } from '../../rules/uri.ts';
import { isReserved, notReserved } from '../name.ts';
import { percentDecoded, readModuleUri } from './pkcs11-uri.ts';
import { problemOfReserved } from './reserved.ts';
import { generationOf } from './runtime.ts';

/** Where a file lies on the device: the URI in the configuration, and the path as the platform writes it. */
export interface DevicePlace {
  readonly uri: string;
  /** Absent if a security module holds the key. */
  readonly path?: string;
}

/** Where the device has its certificate and private key, and the other files that its configuration names. */
export interface Places {
  readonly certificate: DevicePlace;
  readonly privateKey: DevicePlace;
  readonly trustBundle?: DevicePlace;
  readonly edgeCa?: { readonly certificate: DevicePlace; readonly privateKey: DevicePlace };
}

/**
 * Reads the places of a device's files, `undefined` if one of the pair cannot be used. Keys in `skip` are not looked
 * at.
 *
 * By default the file names have the device's id. Linux allows every character of an id. For Windows, characters that a
 * file name cannot have are encoded. The URI encodes that path once more: device `a#1` has the file `a#1.pem` and the
 * URI `…/a%231.pem`.
 */
export function readPlaces(device: Device, skip: ReadonlySet<string> = new Set()): Judged<Places | undefined> {
  const findings: Finding[] = [];
  const windows = device.runtime.platform === 'windows';
  const subjectOf = (key: string) => ({ place: device.place(key), device: device.id, hub: device.hub });
  const complain = (key: string, value: string, problem: PlaceProblem) => {
    const expected = problem.kind.startsWith('module-') ? inModule : uriOf(usualPath(device, key), windows);
    findings.push(finding('config/uri', { key, value, problem, expected }, subjectOf(key)));
  };

  const places = new Map<string, DevicePlace>();
  for (const [key, given] of placesNamed(device)) {
    if (skip.has(key)) continue;
    const read = readPlace(given ?? usualPath(device, key), { windows, pkcs11: mayBeInModule(device, key) });
    const reserved = 'problem' in read || read.path === undefined ? undefined : problemOfReserved(read.path);
    if ('problem' in read) complain(key, read.shown, read.problem);
    else if (reserved !== undefined) complain(key, read.uri, reserved);
    else {
      const { written, ...place } = read;
      places.set(key, place);
      const { path } = place;
      // The URI of a security module is not a path.
      if (path === undefined) continue;
      if (written !== undefined)
        findings.push(finding('config/uri-read-otherwise', { key, value: written, path }, subjectOf(key)));
      if (place.uri.includes('%') && isCheckedUndecoded(device, key))
        findings.push(finding('config/path-needs-encoding', { key, path }, subjectOf(key)));
    }
  }

  const taken = new Map<string, string>();
  for (const [key, { uri, path = uri }] of places) {
    const name = windows ? path.toLowerCase() : path;
    const other = taken.get(name);
    if (other === undefined) taken.set(name, key);
    else {
      complain(key, uri, { kind: 'taken', other });
      places.delete(key);
    }
  }

  const certificate = places.get('identity.certificate');
  const privateKey = places.get('identity.privateKey');
  if (certificate === undefined || privateKey === undefined) return { value: undefined, findings };
  const trustBundle = places.get('config.trustBundle');
  const ca = {
    certificate: places.get('config.edgeCa.certificate'),
    privateKey: places.get('config.edgeCa.privateKey'),
  };
  return {
    value: {
      certificate,
      privateKey,
      ...(trustBundle === undefined ? {} : { trustBundle }),
      ...(ca.certificate === undefined || ca.privateKey === undefined
        ? {}
        : { edgeCa: { certificate: ca.certificate, privateKey: ca.privateKey } }),
    },
    findings,
  };
}

/**
 * Whether `iotedge check` looks for the file at the path of the URI as it is written. From 1.2 on it does so with
 * certificates (certs_preloaded.rs). It decodes the paths of keys (read_key_pairs.rs), and up to 1.1 all paths.
 */
function isCheckedUndecoded({ runtime }: Device, key: string): boolean {
  return generationOf(runtime.version) === 'aziot' && !key.endsWith('privateKey');
}

const inModule = 'pkcs11:token=TOKEN;object=LABEL';

/** The pair always has a place. The other files have one only if the manifest names it. */
function placesNamed({ identity, config }: Device): readonly (readonly [key: string, given: string | undefined])[] {
  const others = [
    ['config.trustBundle', config.trustBundle],
    ['config.edgeCa.certificate', config.edgeCa?.certificate],
    ['config.edgeCa.privateKey', config.edgeCa?.privateKey],
  ] as const;
  return [
    ['identity.certificate', identity.certificate],
    ['identity.privateKey', identity.privateKey],
    ...others.filter(([, given]) => given !== undefined),
  ];
}

function usualPath(device: Device, key: string): string {
  const { platform } = device.runtime;
  const isKey = key.endsWith('privateKey');
  const name = key.startsWith('identity.')
    ? platform === 'windows'
      ? notReserved(fileNameOf(device.id))
      : device.id
    : nameOf(key);
  const file = `${name}${isKey ? '.key.pem' : '.pem'}`;
  if (platform === 'windows') return `C:\\ProgramData\\iotedge\\identity\\${file}`;
  if (generationOf(device.runtime.version) === 'aziot') return `/var/aziot/${isKey ? 'secrets' : 'certs'}/${file}`;
  return `/var/lib/iotedge/identity/${file}`;
}

function nameOf(key: string): string {
  return key === 'config.trustBundle' ? 'trust-bundle' : 'edge-ca';
}

function mayBeInModule(device: Device, key: string): boolean {
  return key.endsWith('privateKey') && generationOf(device.runtime.version) === 'aziot';
}

function uriOf(path: string, windows: boolean): string {
  return pathToFileURL(path, { windows }).href;
}

/** `written`: the text, if its path is another one than a reader sees in it. */
type ReadPlace =
  | (DevicePlace & { readonly written?: string })
  | { readonly shown: string; readonly problem: PlaceProblem };
type Wrong = (problem: PlaceProblem | PlainPlaceProblem, shown?: string) => ReadPlace;

function readPlace(text: string, kind: { readonly windows: boolean; readonly pkcs11: boolean }): ReadPlace {
  const wrong: Wrong = (problem, shown = text) => ({
    shown,
    problem: typeof problem === 'string' ? { kind: problem } : problem,
  });
  if (text === '') return wrong('empty');
  if (hasControl(text)) return wrong('control-character');
  if (isWindowsPath(text)) return kind.windows ? readWindowsPath(text, wrong) : wrong('windows-path');
  if (text.endsWith('/')) return wrong('folder');
  if (text.startsWith('/')) {
    if (kind.windows) return wrong('linux-path');
    return hasDots(text) ? wrong('dots') : { uri: uriOf(text, false), path: text };
  }
  const scheme = /^ *([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return wrong('relative-path');
  // The text behind another scheme may be a PIN.
  if (scheme === 'pkcs11') return kind.pkcs11 ? readModule(text, wrong) : wrong('not-in-module', 'pkcs11:…');
  if (scheme !== 'file') return wrong({ kind: 'scheme', scheme }, `${scheme}:…`);
  return readFileUri(text, kind.windows, wrong);
}

/** The runtime reads the URI, not RFC 7512. Its text is written as it is. */
function readModule(text: string, wrong: Wrong): ReadPlace {
  const read = readModuleUri(text);
  return typeof read === 'string' ? wrong(read, 'pkcs11:…') : { uri: text };
}

function isWindowsPath(text: string): boolean {
  return /^[A-Za-z]:([\\/]|$)|^\\/.test(text);
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions */
function readWindowsPath(text: string, wrong: Wrong): ReadPlace {
  const path = text.replaceAll('/', '\\');
  if (!/^[A-Za-z]:\\/.test(path)) return wrong('no-drive');
  if (path.endsWith('\\')) return wrong('folder');
  if (hasDots(path.replaceAll('\\', '/'))) return wrong('dots');
  const strange = /[<>:"|?*]/.exec(path.slice(2));
  if (strange !== null) return wrong({ kind: 'windows-character', character: strange[0] });
  const device = path.split('\\').find(isReserved);
  if (device !== undefined) return wrong({ kind: 'windows-device', name: device });
  if (/[. ](\\|$)/.test(path)) return wrong('dot-or-space-at-end');
  return { uri: uriOf(path, true), path };
}

/**
 * Reads a file: URI as the runtime does: both follow the URL standard. The configuration gets the usual form of it, so
 * that no version stumbles over a capital scheme or a query.
 */
function readFileUri(text: string, windows: boolean, wrong: Wrong): ReadPlace {
  if (windows) return readWindowsUri(text, wrong);
  const authority = /^\s*file:\/\/([^/\\?#]*)/i.exec(text)?.[1] ?? '';
  if (!/^(localhost|[a-z][:|])?$/i.test(authority)) {
    return wrong(/^(localhost)?:\d*$/i.test(authority) ? 'port' : { kind: 'host', host: authority });
  }
  if (!URL.canParse(text)) return wrong('invalid-uri');
  const path = percentDecoded(new URL(text).pathname);
  if (path === undefined) return wrong('invalid-uri');
  if (hasControl(path)) return wrong('encoded-control-character');
  if (path.endsWith('/')) return wrong('folder');
  const meant = percentDecoded(text.replace(/^file:(\/\/(localhost(?=\/))?)?/i, ''));
  return { uri: uriOf(path, false), path, ...(meant === path && !isDrive(path) ? {} : { written: text }) };
}

function isDrive(path: string): boolean {
  return /^\/[A-Za-z]:(\/|$)/.test(path);
}

function readWindowsUri(text: string, wrong: Wrong): ReadPlace {
  if (!/^file:\/\//i.test(text)) return wrong('no-slashes');
  const drive = /^file:\/*[A-Za-z][:|](\/|$)/i.test(text);
  if (text.includes('\\')) return wrong('backslash');
  if (text.includes('#')) return wrong('fragment');
  if (text.includes('?')) return wrong('query');
  const authority = /^file:\/\/([^/]*)/i.exec(text)?.[1] ?? '';
  if (/:\d*$/.test(authority) && !drive) return wrong('port');
  if (!/^(localhost)?$/i.test(authority)) return wrong({ kind: 'host', host: authority });
  if (hasDots(text)) return wrong('dots');
  try {
    const path = fileURLToPath(new URL(text), { windows: true });
    return hasControl(path) ? wrong('encoded-control-character') : readWindowsPath(path, wrong);
  } catch {
    return wrong('invalid-windows-uri');
  }
}

/** `URL` removes such parts, encoded ones too, and would write another place than the reviewed one. */
function hasDots(text: string): boolean {
  return /\/(\.|%2e){1,2}(\/|$)/i.test(text);
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
