import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { ownerTag } from '../../src/model/owner.ts';
import { told } from '../support/finding.ts';
import { commit, commitAll, git, repositoryWith } from '../support/git.ts';
import { describeNeeding } from '../support/needing.ts';
import { type ActionRun, runAction } from './runner.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
const entry = (id: string, of: string) =>
  `  - { id: ${id}, thumbprints: { primary: ${digest(`${of} ${id} 1`)}, secondary: ${digest(`${of} ${id} 2`)} } }\n`;
const manifest = (of: string, ...ids: readonly string[]) =>
  `defaults:\n  runtime: { version: "1.6", platform: debian }\ndevices:\n${ids.map((id) => entry(id, of)).join('')}`;

let hub: EmbeddedHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());
beforeEach(() => hub.reset());

const ids = () => [...hub.registry.all()].map(({ deviceId }) => deviceId).sort();
const repositories = {
  fleet: { GITHUB_REPOSITORY: 'octo/fleet', GITHUB_REPOSITORY_ID: '7' },
  other: { GITHUB_REPOSITORY: 'contoso/other', GITHUB_REPOSITORY_ID: '8' },
} as const;

/** A run on a push to the default branch, or on a pull request whose trial merge is checked out. */
function run(
  of: keyof typeof repositories,
  workspace: string,
  inputs: Readonly<Record<string, string>>,
  pull?: { readonly base: string },
): Promise<ActionRun> {
  const request = { number: 7, base: { ref: 'main', sha: pull?.base }, head: { repo: { full_name: 'octo/fleet' } } };
  return runAction({
    workspace,
    inputs: {
      'connection-string': hub.connectionString,
      'ca-file': hub.caFile,
      artifacts: 'none',
      comment: 'never',
      'fail-on': 'error',
      ...inputs,
    },
    env: {
      ...repositories[of],
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: git(workspace, 'rev-parse', 'HEAD').trim(),
      GITHUB_EVENT_NAME: pull === undefined ? 'push' : 'pull_request',
    },
    event: {
      repository: { private: true, full_name: repositories[of].GITHUB_REPOSITORY, default_branch: 'main' },
      ...(pull === undefined ? {} : { pull_request: request }),
    },
  });
}

/** Two repositories on one hub: the other one owns `victim-gw`. */
async function twoRepositories(): Promise<string> {
  const other = repositoryWith({ 'devices.yaml': manifest('other', 'victim-gw'), '.gitignore': 'device-bundles\n' });
  expect((await run('other', other, { command: 'apply' })).outputs.created).toBe('1');
  const fleet = repositoryWith({ 'devices.yaml': manifest('fleet', 'edge-1'), '.gitignore': 'device-bundles\n' });
  expect((await run('fleet', fleet, { command: 'apply', prune: 'delete' })).outputs.created).toBe('1');
  return fleet;
}

/** Merges `topic` into `main` as GitHub does. */
const merges: Readonly<Record<string, (folder: string) => void>> = {
  'rebase and merge': (folder) => git(folder, 'rebase', '-q', 'topic'),
  'a merge commit': (folder) => git(folder, 'merge', '-q', '--no-ff', 'topic', '-m', 'merged'),
  squash: (folder) => {
    git(folder, 'merge', '-q', '--squash', 'topic');
    commitAll(folder, 'squashed');
  },
  'a direct push': (folder) => git(folder, 'merge', '-q', '--ff-only', 'topic'),
};

describeNeeding(['git'], "another repository's device is never removed", () => {
  it.each(Object.keys(merges))('by a branch that declares it and takes it out again, merged by %s', async (how) => {
    const folder = await twoRepositories();
    git(folder, 'switch', '-q', '-c', 'topic');
    commit(folder, 'declares it', { 'devices.yaml': manifest('fleet', 'edge-1', 'victim-gw') });
    commit(folder, 'takes it out again', { 'devices.yaml': manifest('fleet', 'edge-1') });
    git(folder, 'switch', '-q', 'main');
    merges[how]!(folder);
    const merged = await run('fleet', folder, { command: 'apply', prune: 'delete' });
    expect([merged.code, merged.outputs.result, merged.outputs.removed], merged.stdout).toEqual([0, 'unchanged', '0']);
    expect(ids()).toEqual(['edge-1', 'victim-gw']);
  });

  it.each(Object.keys(merges))('by the revert of a mistake that apply refused, merged by %s', async (how) => {
    const folder = await twoRepositories();
    commit(folder, 'a mistake', { 'devices.yaml': manifest('fleet', 'edge-1', 'victim-gw') });
    const refused = await run('fleet', folder, { command: 'apply', prune: 'delete', 'allow-lockout': 'true' });
    const foreign = told('plan/foreign', { id: 'victim-gw', owner: 'contoso/other' });
    expect([refused.code, refused.outputs.result]).toEqual([1, 'invalid']);
    expect(refused.stdout).toContain(foreign.message);

    const base = git(folder, 'rev-parse', 'HEAD').trim();
    git(folder, 'switch', '-q', '-c', 'topic');
    git(folder, 'revert', '--no-edit', 'HEAD');
    git(folder, 'switch', '-q', '-c', 'trial', 'main');
    git(folder, 'merge', '-q', '--no-ff', 'topic', '-m', 'trial merge');
    const planned = await run('fleet', folder, { command: 'plan', prune: 'delete' }, { base });
    const stays = told('plan/stays', { id: 'victim-gw', owner: 'contoso/other' });
    expect(planned.outputs.removed, planned.stdout).toBe('0');
    expect(planned.stdout).toContain(stays.message);

    git(folder, 'switch', '-q', 'main');
    merges[how]!(folder);
    const merged = await run('fleet', folder, { command: 'apply', prune: 'delete' });
    expect([merged.code, merged.outputs.removed], merged.stdout).toEqual([0, '0']);
    expect(ids()).toEqual(['edge-1', 'victim-gw']);
  });

  it('its own device is, and a new device bears its mark from the one bulk call that makes it', async () => {
    const folder = await twoRepositories();
    const { server, name, id } = { server: 'github.localhost', name: 'octo/fleet', id: '7' };
    expect(hub.registry.twin('edge-1')).toMatchObject({ tags: { [ownerTag]: { server, name, id } } });
    commit(folder, 'others', { 'devices.yaml': manifest('fleet', 'edge-2') });
    const before = hub.counts();
    const merged = await run('fleet', folder, { command: 'apply', prune: 'delete' });
    expect([merged.code, merged.outputs.removed, merged.outputs.created], merged.stdout).toEqual([0, '1', '1']);
    expect(hub.counts().registryWrites - before.registryWrites).toBe(2);
    expect(ids()).toEqual(['edge-2', 'victim-gw']);
  });

  it('takes over a device without a mark only if the workflow says so, and can then remove it', async () => {
    const folder = await twoRepositories();
    hub.registry.patchTwin('edge-1', { tags: { [ownerTag]: null } });
    commit(folder, 'two', { 'devices.yaml': manifest('fleet', 'edge-1', 'edge-2') });
    const applied = await run('fleet', folder, { command: 'apply', prune: 'delete' });
    expect([applied.outputs.created, applied.outputs.claimed]).toEqual(['1', '0']);
    const claimed = await run('fleet', folder, { command: 'apply', adopt: 'unmarked' });
    expect([claimed.outputs.result, claimed.outputs.claimed, claimed.outputs.updated]).toEqual(['changed', '1', '0']);
    commit(folder, 'one', { 'devices.yaml': manifest('fleet', 'edge-2') });
    expect((await run('fleet', folder, { command: 'apply', prune: 'delete' })).outputs.removed).toBe('1');
    expect(ids()).toEqual(['edge-2', 'victim-gw']);
  });
});
