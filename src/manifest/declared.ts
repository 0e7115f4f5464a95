import { posix } from 'node:path';
import { readHubName } from '../model/hub-name.ts';
import { syntaxText } from '../rules/syntax.ts';
import { parseManifest, patternsOf } from './form.ts';
import { at, type Node } from './node.ts';
import { decodeText, SourceText } from './source.ts';

/** What one version of a manifest declares. */
export interface Declared {
  readonly devices: readonly { readonly id: string; readonly hub?: string }[];
  /** The globs in `devices.from`, relative to the workspace. Devices from these certificates have the hub of the manifest. */
  readonly from: readonly string[];
  readonly hub?: string;
  /** Why the version cannot be read, so that its devices are not known. */
  readonly broken?: string;
}

/**
 * Returns the devices that an old version of a manifest declared, even if the version has other faults. A version that cannot
 * be read declares none, since nothing was ever provisioned from it.
 * @param file the path of that version, relative to the workspace
 */
export async function declaredIn(file: string, bytes: Buffer): Promise<Declared> {
  const text = decodeText(bytes);
  const parsed = text === undefined ? undefined : await parseManifest(new SourceText(file, text));
  const [problem] = parsed?.problems ?? [];
  const broken = text === undefined ? notUtf8 : problem && syntaxText(problem.fault);
  if (broken !== undefined) return { devices: [], from: [], broken };
  if (parsed?.node === undefined) return { devices: [], from: [] };
  const devices = at(parsed.node, ['devices']);
  const hub = hubAt(parsed.node);
  const ofManifest = hub === undefined ? {} : { hub };
  const listed = devices?.kind === 'list' ? devices.items : [];
  return {
    ...ofManifest,
    devices: listed.flatMap((device) => {
      const id = textAt(device, ['id']);
      const own = hubAt(device);
      return id === undefined ? [] : [{ id, ...ofManifest, ...(own === undefined ? {} : { hub: own }) }];
    }),
    from:
      devices === undefined
        ? []
        : patternsOf(devices).map(({ value }) => posix.join(posix.dirname(file), String(value))),
  };
}

const notUtf8 = 'it is not text in UTF-8';

/** A name without its domain counts as the whole name, so that a device there is not taken for one that is gone. */
function hubAt(node: Node): string | undefined {
  const given = textAt(node, ['hub']);
  const read = given === undefined ? undefined : readHubName(given);
  if (read?.kind === 'hub') return read.hub;
  return read?.kind === 'no-domain' ? read.meant.hub : given?.toLowerCase();
}

function textAt(node: Node, path: readonly string[]): string | undefined {
  const found = at(node, path);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}
