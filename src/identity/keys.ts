import type { Finding } from '../model/finding.ts';
import type { Workspace } from '../model/workspace.ts';
import { guarded } from '../rules/guarded.ts';
import { finding } from '../rules/rules.ts';
import { mayHoldKey } from './key-files.ts';
import { type FoundKey, privateKeyIn } from './private-key.ts';

/**
 * Finds private keys that were committed by mistake: files below the folders that hold a key and that git does not ignore.
 * Files over 1 MiB are not keys and are not opened. A file whose judgement throws gets a finding, and the others are judged.
 * @param folders the folders of the manifests and of the certificates, relative to the workspace
 * @param alreadyRead certificate files that `identify` has judged, so that each file is reported only once
 */
export async function findPrivateKeys(
  folders: readonly string[],
  workspace: Workspace,
  alreadyRead: ReadonlySet<string> = new Set(),
): Promise<readonly Finding[]> {
  const { files, bound } = workspace.filesBelow(folders, mayHoldKey);
  const findings = bound === undefined ? [] : [finding('certificate/key-search-bound', { bound }, {})];
  const found = new Map<string, FoundKey>();
  for (const path of files) {
    if (alreadyRead.has(path)) continue;
    const key = guarded(
      () => ({ value: keyIn(path, workspace), findings: [] }),
      () => ({ place: { file: path, line: 1, column: 1 } }),
    );
    findings.push(...key.findings);
    if (key.value !== undefined) found.set(path, key.value);
  }
  if (found.size === 0) return findings;
  const ignored = await workspace.ignored([...found.keys()]);
  for (const [path, { line, format }] of found) {
    if (ignored.has(path)) continue;
    const place = { file: path, line, column: 1 };
    findings.push(finding('certificate/private-key-present', { path, format }, { place }));
  }
  return findings;
}

function keyIn(path: string, workspace: Workspace): FoundKey | undefined {
  const file = workspace.read(path, largestKeyFile);
  return file.ok ? privateKeyIn(path, file.bytes) : undefined;
}

const largestKeyFile = 1024 * 1024;
