import { describe, expect, it } from 'vitest';
import { githubFault } from '../../src/github/faults.ts';
import { githubLines } from '../../src/github/lines.ts';
import { requireCurrent } from '../../src/github/rerun.ts';
import type { Fault } from '../../src/model/fault.ts';
import { faultOf, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { commitAll, git, repositoryWith } from '../support/git.ts';
import { githubToken } from '../support/github-api.ts';
import { describeNeeding } from '../support/needing.ts';
import { useOctoFleet } from './octo-fleet.ts';

const fleet = useOctoFleet({});
const old = '0123456789abcdef0123456789abcdef01234567';
const newest = 'fedcba9876543210fedcba9876543210fedcba98';
const between = '4444444444444444444444444444444444444444';
const read = { files: ['fleet/a.yaml', 'certs/edge-1.pem'], manifests: ['fleet/*.yaml'] };

interface Comparison {
  readonly status?: string;
  readonly files?: readonly { readonly filename: string; readonly previous_filename?: string }[];
  readonly commits?: readonly { readonly sha: string }[];
}

/** Does a re-run where GitHub answers the comparison like this. */
async function rerun({ status = 'ahead', files = [], commits = [{ sha: newest }] }: Comparison, root: string) {
  const head = git(root, 'rev-parse', 'HEAD').trim();
  await fleet.apiWith({
    others: {
      [`GET /repos/octo/fleet/compare/${head}...release%2F1`]: { status, files, commits },
      'GET /repos/octo/fleet/commits': [{ sha: between }],
    },
  });
  return requireCurrent({ root, branch: 'release/1', commit: old, token: githubToken }, read);
}

const changed = (filename: string, more: object = {}) => ({
  files: [{ filename: 'README.md' }, { filename, ...more }],
});

describeNeeding(['git'], 'a run that is started once more', () => {
  const repository = () => repositoryWith({ 'fleet/a.yaml': 'devices: []\n' });

  it.each<[string, Comparison]>([
    ['the branch has not gone on', { status: 'identical' }],
    ['only other files have changed', changed('docs/fleet/a.yaml')],
  ])('goes on where %s', async (_, comparison) => {
    await expect(rerun(comparison, repository())).resolves.toBeUndefined();
    expect(fleet.log).toBe('');
  });

  type At = { readonly commit: string; readonly branch: string };
  const fileChanged = (file: string) => (at: At) => githubFault('rerun-file-changed', { ...at, file, newer: between });

  it.each<[string, Comparison, (at: At) => Fault]>([
    ['a manifest that it reads', changed('fleet/a.yaml'), fileChanged('fleet/a.yaml')],
    ['a certificate', changed('certs/edge-1.pem'), fileChanged('certs/edge-1.pem')],
    ['a file that is a manifest of the run by now', changed('fleet/b.yaml'), fileChanged('fleet/b.yaml')],
    ['the name of one', changed('old/a.yaml', { previous_filename: 'fleet/a.yaml' }), fileChanged('fleet/a.yaml')],
    [
      'more than GitHub names',
      { files: Array.from({ length: 300 }, (_, n) => ({ filename: `${n}.md` })) },
      (at) => githubFault('rerun-too-many-changed', { ...at, newer: newest }),
    ],
    [
      'the branch itself, which was set back',
      { status: 'diverged' },
      (at) => githubFault('rerun-off-branch', { ...at, newer: newest }),
    ],
  ])('is refused where the branch has changed %s', async (_, comparison, expected) => {
    const root = repository();
    const commit = git(root, 'rev-parse', 'HEAD').trim();
    const fault = await faultOf(rerun(comparison, root));
    expect(fault.kind).toBe('usage');
    expect(said(fault)).toEqual(said(expected({ commit, branch: 'release/1' })));
  });

  it('knows its files where the repository is checked out in a folder of the workspace', async () => {
    const root = folderWith({ 'checkout/fleet/a.yaml': 'devices: []\n' });
    git(`${root}/checkout`, 'init', '-q', '-b', 'main');
    commitAll(`${root}/checkout`, 'first');
    const head = git(`${root}/checkout`, 'rev-parse', 'HEAD').trim();
    await fleet.apiWith({
      others: {
        [`GET /repos/octo/fleet/compare/${head}...main`]: { status: 'ahead', ...changed('fleet/b.yaml'), commits: [] },
      },
    });
    const below = { files: ['checkout/fleet/a.yaml'], manifests: ['checkout/fleet/*.yaml'] };
    const fault = await faultOf(requireCurrent({ root, branch: 'main', commit: old, token: githubToken }, below));
    const expected = { commit: head, branch: 'main', file: 'fleet/b.yaml', newer: undefined };
    expect(said(fault)).toEqual(said(githubFault('rerun-file-changed', expected)));
  });
});

describe('a run that is started once more, and cannot ask', () => {
  const plain = { branch: 'main', commit: old };

  it.each<[string, string, object, string]>([
    ['GitHub does not know the commit', githubToken, {}, 'Not Found'],
    ['there is no token', '', {}, 'Parameter token or opts.auth is required'],
    ['GitHub has a fault', githubToken, { instead: () => ({ status: 500, message: 'Server Error' }) }, 'Server Error'],
  ])('goes on with a warning where %s', async (_, token, behaviour, reason) => {
    await fleet.apiWith(behaviour);
    await requireCurrent({ ...plain, root: folderWith(), token }, read);
    const warning = githubLines['rerun-unknown']({ branch: 'main', commit: old, reason });
    expect(fleet.log.trimEnd()).toBe(`::warning title=re-run::${warning}`);
  });
});
