import { posix } from 'node:path';
import { parseManifest, patternsOf } from './form.ts';
import { at, type Node } from './node.ts';
import { decodeText, SourceText } from './source.ts';

/** What one version of a manifest declared. */
export interface Declared {
  readonly devices: readonly { readonly id: string; readonly hub?: string }[];
  /** The certificates that named devices: globs relative to the workspace. Their devices have the hub of the manifest. */
  readonly from: readonly string[];
  readonly hub?: string;
  /** Why it could not be read, and so declared nothing that anybody knows of. */
  readonly broken?: string;
}

/**
 * The devices that an old version of a manifest declared, whatever else was wrong with it. A version that cannot be read
 * declared none: nothing was ever provisioned from it.
 * @param file its path then, relative to the workspace
 */
export async function declaredIn(file: string, bytes: Buffer): Promise<Declared> {
  const text = decodeText(bytes);
  const parsed = text === undefined ? undefined : await parseManifest(new SourceText(file, text));
  const broken = text === undefined ? 'it is not text in UTF-8' : parsed?.problems[0]?.what;
  if (broken !== undefined) return { devices: [], from: [], broken };
  if (parsed?.node === undefined) return { devices: [], from: [] };
  const devices = at(parsed.node, ['devices']);
  const hub = textAt(parsed.node, ['hub'])?.toLowerCase();
  const ofManifest = hub === undefined ? {} : { hub };
  const listed = devices?.kind === 'list' ? devices.items : [];
  return {
    ...ofManifest,
    devices: listed.flatMap((device) => {
      const id = textAt(device, ['id']);
      const own = textAt(device, ['hub'])?.toLowerCase();
      return id === undefined ? [] : [{ id, ...ofManifest, ...(own === undefined ? {} : { hub: own }) }];
    }),
    from:
      devices === undefined
        ? []
        : patternsOf(devices).map(({ value }) => posix.join(posix.dirname(file), String(value))),
  };
}

function textAt(node: Node, path: readonly string[]): string | undefined {
  const found = at(node, path);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}
