import { runGit } from './run-git.ts';

/**
 * Returns when contents of files first came onto the branch, by their git ids, in milliseconds since 1970. Only the commits that
 * the branch had count: those of a merged branch came with the merge. Contents of the oldest commit of a shallow clone are left
 * out, because they may be older. Throws a `Fault` when git fails.
 * @param root the work tree, absolute
 */
export async function committedAt(root: string, blobs: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const shown = ['--no-renames', '--raw', '--no-abbrev', '-z', '--format=commit %ct %P'];
  const log = ['log', '--first-parent', '--diff-merges=first-parent', '--diff-filter=AM', ...shown, 'HEAD'];
  const [records, shallow] = await Promise.all([
    runGit(root, log),
    runGit(root, ['rev-parse', '--is-shallow-repository']),
  ]);
  const isShallow = shallow.toString('utf8').trim() === 'true';
  const times = new Map<string, number>();
  let time: number | undefined;
  for (const record of records.toString('utf8').split('\0')) {
    const [, seconds, parents] = /^\n*commit (\d+) ?([0-9a-f ]*)/.exec(record) ?? [];
    // A shallow clone shows its oldest commit without parents, and all files as added by it.
    if (seconds !== undefined) time = parents === '' && isShallow ? undefined : Number(seconds) * 1000;
    const blob = /:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [AM]$/.exec(record)?.[1];
    if (blob === undefined || !blobs.has(blob)) continue;
    // The newest commit comes first, so an older one replaces its time. One without a time makes it unknown.
    if (time === undefined) times.delete(blob);
    else times.set(blob, time);
  }
  return times;
}
