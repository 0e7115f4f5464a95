import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type EventRun, requireCurrent } from '../../src/github/current.ts';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import { faultOf, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { commit, git } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';
import { useOctoFleet } from './octo-fleet.ts';

const fleet = useOctoFleet({});
const files = { 'fleet/a.yaml': 'devices: []\n', 'certs/edge-1.pem': 'one', 'README.md': 'Fleet\n' };
const read = { files: ['fleet/a.yaml', 'certs/edge-1.pem'], manifests: ['fleet/*.yaml'] };

/** The repository octo/fleet at a server, and the clone in which a run works. */
interface Repositories {
  /** The server's repository, in which commits are made. */
  readonly remote: string;
  /** What the runner has checked out: the commit of the event. */
  readonly root: string;
  readonly run: EventRun;
}

let template: string | undefined;

/** Makes a shallow clone, as `actions/checkout` does. A test gets a copy, because git takes long to make one. */
function repositories(): Repositories {
  template ??= made();
  const top = folderWith();
  cpSync(template, top, { recursive: true });
  const root = join(top, 'root');
  git(root, 'remote', 'set-url', 'origin', `file://${top}/octo/fleet`);
  const event = { ref: 'refs/heads/main', isRerun: false, server: `file://${top}`, repository: 'octo/fleet' };
  return {
    remote: join(top, 'octo/fleet'),
    root,
    run: { ...event, root, commit: head(root), hasPlan: false, token: '' },
  };
}

afterAll(() => {
  if (template !== undefined) rmSync(template, { recursive: true });
});

function made(): string {
  const top = mkdtempSync(join(tmpdir(), 'current-'));
  const remote = join(top, 'octo/fleet');
  git(top, 'init', '-q', '-b', 'main', remote);
  git(remote, 'config', 'uploadpack.allowFilter', 'true');
  commit(remote, 'first', files);
  git(top, 'clone', '-q', '--depth=1', `file://${remote}`, join(top, 'root'));
  return top;
}

/** Commits files at the server. Returns the commit. */
function merge(remote: string, changed: Readonly<Record<string, string>>): string {
  commit(remote, 'change', changed);
  return head(remote);
}

function head(folder: string): string {
  return git(folder, 'rev-parse', 'HEAD').trim();
}

describeNeeding(['git'], 'a run whose branch may have gone on', () => {
  it('goes on where it is the newest, where other files have changed, and where all is the same again', async () => {
    const { run, remote } = repositories();
    await requireCurrent(run, read);
    merge(remote, { 'README.md': 'Our fleet\n', 'docs/fleet/a.yaml': 'devices: []\n' });
    await requireCurrent(run, read);
    merge(remote, { 'fleet/a.yaml': 'devices: [{ id: edge-1 }]\n' });
    merge(remote, files);
    await requireCurrent(run, read);
    expect(fleet.log).toBe('');
  });

  it.each<[string, string, Readonly<Record<string, string>>, Partial<EventRun>]>([
    ['a manifest that it reads', 'fleet/a.yaml', { 'fleet/a.yaml': 'devices: [{}]\n' }, {}],
    ['a certificate, for a re-run', 'certs/edge-1.pem', { 'certs/edge-1.pem': 'two' }, { isRerun: true }],
    ['a file that is a manifest by now, for a plan', 'fleet/b.yaml', { 'fleet/b.yaml': '' }, { hasPlan: true }],
  ])('is refused where the branch has changed %s', async (_, file, changed, more) => {
    const { run, remote } = repositories();
    const newer = merge(remote, changed);
    const fault = await faultOf(requireCurrent({ ...run, ...more }, read));
    expect(said(fault)).toEqual(outdated(run, file, newer));
  });

  it('is refused where the newest commit lacks a file that it reads', async () => {
    const { run, remote } = repositories();
    git(remote, 'rm', '-q', 'fleet/a.yaml');
    const newer = merge(remote, {});
    expect(said(await faultOf(requireCurrent(run, read)))).toEqual(outdated(run, 'fleet/a.yaml', newer));
  });

  it('judges by what a branch says: one that was set back to another state refuses, the same state does not', async () => {
    const { run, remote, root } = repositories();
    const first = head(remote);
    merge(remote, { 'fleet/a.yaml': 'devices: [{ id: edge-1 }]\n' });
    git(root, 'pull', '-q');
    git(remote, 'reset', '-q', '--hard', first);
    const at = { ...run, commit: head(root) };
    expect(said(await faultOf(requireCurrent(at, read)))).toEqual(outdated(at, 'fleet/a.yaml', first));
    merge(remote, { 'fleet/a.yaml': 'devices: [{ id: edge-1 }]\n', 'README.md': 'set back\n' });
    await requireCurrent(at, read);
  });

  it('is refused where the branch is gone', async () => {
    const { run } = repositories();
    const at = { ...run, ref: 'refs/heads/topic' };
    const expected = { ref: at.ref, commit: at.commit };
    expect(said(await faultOf(requireCurrent(at, read)))).toEqual(said(githubFault('ref-gone', expected)));
  });

  it.each([
    ['annotated', ['-m', 'one']],
    ['plain', []],
  ])('goes on at a tag as long as the tag stays where it is: %s', async (_, options) => {
    const { run, remote } = repositories();
    const tag = () => git(remote, 'tag', '-f', ...options, 'v1');
    tag();
    const newer = merge(remote, { 'fleet/a.yaml': 'devices: [{}]\n' });
    const at = { ...run, ref: 'refs/tags/v1' };
    await requireCurrent(at, read);
    tag();
    expect(said(await faultOf(requireCurrent(at, read)))).toEqual(outdated(at, 'fleet/a.yaml', newer));
  });

  it('follows links: to a file that has changed, and one that leads elsewhere by now', async () => {
    const { remote, root, run } = repositories();
    symlinkSync('fleet', join(remote, 'current'));
    merge(remote, {});
    git(root, 'pull', '-q');
    const at = { ...run, commit: head(root) };
    const linked = { files: ['current/a.yaml'], manifests: ['current/a.yaml'] };
    const newer = merge(remote, { 'fleet/a.yaml': 'devices: [{}]\n' });
    expect(said(await faultOf(requireCurrent(at, linked)))).toEqual(outdated(at, 'fleet/a.yaml', newer));
    git(remote, 'rm', '-q', 'current');
    symlinkSync('certs', join(remote, 'current'));
    const elsewhere = merge(remote, files);
    expect(said(await faultOf(requireCurrent(at, linked)))).toEqual(outdated(at, 'current', elsewhere));
  });

  it('knows its files where the repository is checked out in a folder of the workspace', async () => {
    const { run, remote, root } = repositories();
    const newer = merge(remote, { 'fleet/b.yaml': '' });
    const below = { files: ['root/fleet/a.yaml'], manifests: ['root/fleet/*.yaml'] };
    const fault = await faultOf(requireCurrent({ ...run, root: dirname(root) }, below));
    expect(said(fault)).toEqual(outdated(run, 'fleet/b.yaml', newer));
  });

  it('lets the workflow check out another commit on purpose, and holds a re-run to the newest', async () => {
    const { run, remote } = repositories();
    const newer = merge(remote, { 'fleet/a.yaml': 'devices: [{}]\n' });
    const chosen = { ...run, commit: newer };
    await requireCurrent(chosen, read);
    const fault = await faultOf(requireCurrent({ ...chosen, isRerun: true }, read));
    expect(said(fault)).toEqual(outdated(run, 'fleet/a.yaml', newer));
    await requireCurrent({ ...chosen, isRerun: true, repository: 'octo/other' }, read);
    expect(fleet.log).toBe('');
  });

  it('leaves the clone as it was: no new objects, no settings, no refs', async () => {
    const { run, root, remote } = repositories();
    merge(remote, { 'README.md': 'Our fleet\n' });
    const state = () =>
      [['count-objects', '-v'], ['config', '--list', '--local'], ['for-each-ref']].map((args) => git(root, ...args));
    const before = state();
    await requireCurrent(run, read);
    expect(state()).toEqual(before);
  });
});

function outdated({ ref, commit }: EventRun, file: string, newer: string) {
  return said(githubFault('commit-outdated', { ref, commit, file, newer }));
}

describeNeeding(['git'], 'a run that cannot fetch the newest commit', () => {
  it.each<[string, (run: EventRun) => EventRun]>([
    ['the server does not answer', (run) => ({ ...run, server: 'file:///nowhere' })],
    ['the files lie in no repository', (run) => ({ ...run, root: folderWith(files) })],
  ])('goes on with a warning, and is refused with a plan, where %s', async (_, without) => {
    const run = without(repositories().run);
    await requireCurrent(run, read);
    const [, reason = ''] = /is outdated: (.*?)\. The run/.exec(fleet.log) ?? [];
    const unknown = { ref: run.ref, commit: run.commit, reason };
    const title = githubLines['newest-unknown-title']();
    expect(fleet.log.trimEnd()).toBe(`::warning title=${title}::${githubLines['newest-unknown'](unknown)}`);
    const fault = await faultOf(requireCurrent({ ...run, hasPlan: true }, read));
    expect(fault.kind).toBe('world');
    expect(fault.message).toContain('cannot be fetched: git ');
  });
});

describe('a run on a machine without git', () => {
  it('goes on with a warning', async () => {
    vi.stubEnv('PATH', '');
    const event = { ref: 'refs/heads/main', isRerun: false, server: 'https://github.com', repository: 'octo/fleet' };
    await requireCurrent({ ...event, root: folderWith(files), commit: 'c0ffee', hasPlan: false, token: '' }, read);
    expect(fleet.log).toContain('git cannot be run');
  });
});
