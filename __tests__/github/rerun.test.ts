import { describe, expect, it } from 'vitest';
import { requireCurrent } from '../../src/github/rerun.ts';
import { folderWith } from '../support/folder.ts';
import { commitAll, git, hasGit, repositoryWith } from '../support/git.ts';
import { githubToken } from '../support/github-api.ts';
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

/** What a re-run ends with where GitHub compares so. */
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

describe.skipIf(!hasGit)('a run that is started once more (needs git)', () => {
  const repository = () => repositoryWith({ 'fleet/a.yaml': 'devices: []\n' });

  it.each<[string, Comparison]>([
    ['the branch has not gone on', { status: 'identical' }],
    ['only other files have changed', changed('docs/fleet/a.yaml')],
  ])('goes on where %s', async (_, comparison) => {
    await expect(rerun(comparison, repository())).resolves.toBeUndefined();
    expect(fleet.log).toBe('');
  });

  it.each<[string, Comparison, RegExp]>([
    [
      'a manifest that it reads',
      changed('fleet/a.yaml'),
      /fleet\/a\.yaml has changed on release\/1 since \(444444444444\)/,
    ],
    ['a certificate', changed('certs/edge-1.pem'), /certs\/edge-1\.pem has changed/],
    ['a file that is a manifest of the run by now', changed('fleet/b.yaml'), /fleet\/b\.yaml has changed/],
    ['the name of one', changed('old/a.yaml', { previous_filename: 'fleet/a.yaml' }), /fleet\/a\.yaml has changed/],
    [
      'more than GitHub names',
      { files: Array.from({ length: 300 }, (_, n) => ({ filename: `${n}.md` })) },
      /so many files have changed .* \(fedcba987654\)/,
    ],
    ['the branch itself, which was set back', { status: 'diverged' }, /is not on release\/1 any more \(fedcba987654\)/],
  ])('is refused where the branch has changed %s', async (_, comparison, message) => {
    await expect(rerun(comparison, repository())).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(
        /^Re-run the job of commit (444444444444|fedcba987654) instead, or of a later one\./,
      ),
    });
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
    await expect(requireCurrent({ root, branch: 'main', commit: old, token: githubToken }, below)).rejects.toThrow(
      /fleet\/b\.yaml has changed on main since: to apply it/,
    );
  });
});

describe('a run that is started once more, and cannot ask', () => {
  const plain = { branch: 'main', commit: old };

  it.each<[string, string, object]>([
    ['GitHub does not know the commit', githubToken, {}],
    ['there is no token', '', {}],
    ['GitHub has a fault', githubToken, { instead: () => ({ status: 500, message: 'Server Error' }) }],
  ])('goes on with a warning where %s', async (_, token, behaviour) => {
    await fleet.apiWith(behaviour);
    await requireCurrent({ ...plain, root: folderWith(), token }, read);
    expect(fleet.log).toContain(
      '::warning title=re-run::This is a re-run, and GitHub does not tell whether main has gone',
    );
    expect(fleet.log).toContain('contents: read');
  });
});
