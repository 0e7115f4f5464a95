import type { Finding } from '../model/finding.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import { mayHoldKey } from './key-files.ts';
import { type FoundKey, privateKeyIn } from './private-key.ts';

/**
 * Finds private keys that were committed by mistake: files below the folders that hold a key and that git does not ignore.
 * Files over 1 MiB are not keys and are not opened.
 * @param folders the folders of the manifests and of the certificates, relative to the workspace
 * @param alreadyRead certificate files that `identify` has judged, so that each file is reported only once
 */
export async function findPrivateKeys(
  folders: readonly string[],
  workspace: Workspace,
  alreadyRead: ReadonlySet<string> = new Set(),
): Promise<readonly Finding[]> {
  const found = new Map<string, FoundKey>();
  for (const path of workspace.filesBelow(folders, mayHoldKey)) {
    if (alreadyRead.has(path)) continue;
    const file = workspace.read(path, largestKeyFile);
    const key = file.ok ? privateKeyIn(path, file.bytes) : undefined;
    if (key !== undefined) found.set(path, key);
  }
  if (found.size === 0) return [];
  const ignored = await workspace.ignored([...found.keys()]);
  return [...found]
    .filter(([path]) => !ignored.has(path))
    .map(([path, key]) => {
      const place = { file: path, line: key.line, column: 1 };
      return finding('certificate/private-key-present', { path, format: key.format }, { place });
    });
}

const largestKeyFile = 1024 * 1024;
