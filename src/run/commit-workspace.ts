import { posix } from 'node:path';
import type { CommitFiles } from '../model/commit-files.ts';
import { messageOf } from '../model/fault.ts';
import { isGitFolder } from '../model/git-folder.ts';
import type { ReadResult, Workspace } from '../model/workspace.ts';
import { type Entry, findIn } from './find.ts';
import { unread } from './unread.ts';

/**
 * The files of a commit as a workspace, without writing them to a disk: no name and no link in the commit leads anywhere.
 * @param here the workspace that is checked out, for its root and for how it spells paths
 */
export function commitWorkspace(
  commit: CommitFiles,
  { root, spelled }: Pick<Workspace, 'root' | 'spelled'>,
): Workspace {
  const tree = treeOf(commit);
  return {
    root,
    spelled,
    read: (path, limit) => tree.read(spelled(path), limit),
    find: (patterns) => findIn(tree, patterns.map(spelled)),
    filesBelow: () => ({ files: [] }),
    ignored: async () => new Set(),
  };
}

/** The most bytes that any reader takes of a file: manifests may be larger than certificates and the files of devices. */
export function largestOf(path: string): number {
  const isManifest = ['.yaml', '.yml', '.json', '.csv'].includes(posix.extname(path).toLowerCase());
  return (isManifest ? 20 : 1) * 1024 * 1024;
}

/** Where a path of a commit leads: the path without links, or why it leads nowhere. */
type Resolved = { readonly path: string } | Extract<ReadResult, { ok: false }>;

/** As many links on the way to a file as Linux follows. */
const mostLinks = 40;

function treeOf(commit: CommitFiles) {
  const { files } = commit;
  const folders = foldersOf(files.keys());

  const resolve = (path: string, links = 0): Resolved => {
    const refusal = refusalOf(path);
    if (refusal !== undefined) {
      return { ok: false, why: 'outside', detail: links === 0 ? refusal : unread.link(refusal) };
    }
    let real = '';
    const segments = path.split('/');
    for (const [index, segment] of segments.entries()) {
      if (segment === '.' || segment === '') continue;
      const here = real === '' ? segment : `${real}/${segment}`;
      const file = files.get(here);
      if (file?.kind === 'link') {
        if (links >= mostLinks) return { ok: false, why: 'unreadable', detail: unread.linkLoop() };
        const target = textOf(here);
        if (typeof target !== 'string') return target;
        if (posix.isAbsolute(target)) return { ok: false, why: 'outside', detail: unread.link(unread.outside()) };
        const rest = segments.slice(index + 1);
        return resolve(posix.normalize([posix.dirname(here), target, ...rest].join('/')), links + 1);
      }
      if (file === undefined && !folders.has(here)) return { ok: false, why: 'missing', detail: unread.missing() };
      real = here;
    }
    return { path: real };
  };

  const textOf = (path: string): string | Extract<ReadResult, { ok: false }> => {
    try {
      return commit.read(path).toString('utf8');
    } catch (cause) {
      return { ok: false, why: 'unreadable', detail: messageOf(cause) };
    }
  };

  const entryOf = (path: string): Entry => {
    const name = posix.basename(path);
    if (folders.has(path)) return { name, kind: 'folder' };
    if (files.get(path)?.kind !== 'link') return { name, kind: 'file' };
    const to = resolve(path);
    if (!('path' in to)) return { name, kind: to.why === 'outside' ? 'link-out' : 'file' };
    return folders.has(to.path) ? { name, kind: 'folder', real: to.path } : { name, kind: 'file' };
  };

  return {
    isRefused: (path: string) => refusalOf(path) !== undefined,
    exists: (path: string) => 'path' in resolve(path),
    entries: (folder: string) => (folders.get(folder) ?? []).map(entryOf),
    read: (path: string, limit: number): ReadResult => {
      const to = resolve(path);
      if (!('path' in to)) return to;
      const file = files.get(to.path);
      if (file?.kind !== 'file') return { ok: false, why: 'unreadable', detail: unread.notAFile('folder') };
      if (file.size > limit) return { ok: false, why: 'too-large', detail: unread.tooLarge(file.size, limit) };
      try {
        return { ok: true, bytes: commit.read(to.path) };
      } catch (cause) {
        return { ok: false, why: 'unreadable', detail: messageOf(cause) };
      }
    },
  };
}

/** The paths in each folder. The root is the empty path. */
function foldersOf(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>([['', []]]);
  const add = (path: string) => {
    const end = path.lastIndexOf('/');
    const folder = end < 0 ? '' : path.slice(0, end);
    const others = folders.get(folder);
    if (others !== undefined) others.push(path);
    else {
      folders.set(folder, [path]);
      add(folder);
    }
  };
  for (const path of paths) add(path);
  return folders;
}

function refusalOf(path: string): string | undefined {
  if (path === '..' || path.startsWith('../') || posix.isAbsolute(path)) return unread.outside();
  return path.split('/').some(isGitFolder) ? unread.inGit() : undefined;
}
