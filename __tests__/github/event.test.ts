import { join } from 'node:path';
import { context } from '@actions/github';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Event, type EventRef, publicityFindings, readEvent } from '../../src/github/event.ts';
import { githubLines } from '../../src/github/lines.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';

afterEach(() => vi.unstubAllEnvs());

interface Trigger {
  readonly event: string;
  readonly payload: object;
  readonly actor?: string;
}

/** Returns the event of a run in this environment. The context reads its file again. */
function eventOf({ event, payload, actor = 'octocat' }: Trigger): Event {
  const folder = folderWith({ 'event.json': JSON.stringify(payload) });
  const environment = {
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    GITHUB_EVENT_NAME: event,
    GITHUB_ACTOR: actor,
    GITHUB_REPOSITORY: 'octo/fleet',
    GITHUB_SHA: '0123abcd',
    GITHUB_SERVER_URL: 'https://github.example',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  Object.assign(context, Reflect.construct(context.constructor, []));
  return readEvent();
}

const pullRequestOf = (head: object | null) => ({ pull_request: { number: 7, head } });
const fromFork = githubLines['fork-without-secrets']();
const own = pullRequestOf({ repo: { full_name: 'octo/fleet' } });
const fork = pullRequestOf({ repo: { full_name: 'mallory/fleet' } });

describe('the event', () => {
  it.each<[string, Trigger, string | undefined]>([
    ['a push', { event: 'push', payload: {} }, undefined],
    ['a schedule', { event: 'schedule', payload: { schedule: '0 0 * * *' } }, undefined],
    ['a pull request of the repository', { event: 'pull_request', payload: own }, undefined],
    ['a pull request of a fork', { event: 'pull_request', payload: fork }, fromFork],
    [
      'a pull request of a fork that is gone',
      { event: 'pull_request', payload: pullRequestOf({ repo: null }) },
      fromFork,
    ],
    ['a review of a pull request of a fork', { event: 'pull_request_review', payload: fork }, fromFork],
    ['a pull request of a fork that runs with secrets', { event: 'pull_request_target', payload: fork }, undefined],
    [
      'Dependabot',
      { event: 'pull_request', payload: own, actor: 'dependabot[bot]' },
      githubLines['dependabot-without-secrets'](),
    ],
    ['somebody called dependabot', { event: 'pull_request', payload: own, actor: 'dependabot' }, undefined],
  ])('of %s tells whether there can be secrets', (_, trigger, excuse) => {
    expect(eventOf(trigger).withoutSecrets).toBe(excuse);
  });

  it.each([
    ['a public repository', { private: false }, 'octo/fleet'],
    ['a private repository', { private: true }, undefined],
  ])('of %s tells who can read the artifacts', (_, repository, expected) => {
    const event = eventOf({ event: 'push', payload: { repository } });
    expect(event.publicRepository).toBe(expected);
    expect(publicityFindings(event)).toEqual(
      expected === undefined ? [] : [told('runner/public-repository', { repository: 'octo/fleet' })],
    );
  });

  it.each<[string, Trigger, string | undefined]>([
    ['a push', { event: 'push', payload: { before: 'c0ffee' } }, 'c0ffee'],
    ['the first push of a branch', { event: 'push', payload: { before: '0'.repeat(40) } }, undefined],
    ['a push that does not tell', { event: 'push', payload: {} }, undefined],
    [
      'a pull request',
      { event: 'pull_request', payload: { before: 'd00d', pull_request: { base: { sha: 'c0ffee' } } } },
      'c0ffee',
    ],
    ['a merge group', { event: 'merge_group', payload: { merge_group: { base_sha: 'c0ffee' } } }, 'c0ffee'],
    ['a dispatch', { event: 'workflow_dispatch', payload: { before: 'c0ffee' } }, undefined],
    ['a schedule', { event: 'schedule', payload: { schedule: '0 0 * * *' } }, undefined],
    [
      'a pull request that runs with secrets',
      { event: 'pull_request_target', payload: { pull_request: { base: { sha: 'c0ffee' } } } },
      undefined,
    ],
  ])('of %s tells the commit before', (_, trigger, before) => {
    expect(eventOf(trigger).before).toBe(before);
  });

  it('that does not tell about the repository raises no alarm', () => {
    expect(eventOf({ event: 'schedule', payload: {} })).not.toHaveProperty('publicRepository');
  });

  it.each<[string, Trigger, number | undefined]>([
    ['a pull request of the repository', { event: 'pull_request', payload: own }, 7],
    ['a pull request of a fork', { event: 'pull_request', payload: fork }, undefined],
    ['a pull request of a fork that runs with secrets', { event: 'pull_request_target', payload: fork }, undefined],
    ['a review', { event: 'pull_request_review', payload: own }, undefined],
    ['a push', { event: 'push', payload: {} }, undefined],
  ])('of %s tells where a comment may stand', (_, trigger, number) => {
    expect(eventOf(trigger).pullRequest).toBe(number);
  });

  it('of a pull request links to its own commit, not to the trial merge', () => {
    const payload = pullRequestOf({ sha: 'feed5678', repo: { full_name: 'octo/fleet' } });
    const { link } = eventOf({ event: 'pull_request', payload });
    expect(link({ file: 'a.yaml', line: 1, column: 1 })).toContain('/blob/feed5678/');
  });

  it('knows the page of the run, and that of the rules of the very action that runs', () => {
    vi.stubEnv('GITHUB_RUN_ID', '4711');
    vi.stubEnv('GITHUB_ACTION_REPOSITORY', 'vendor/action');
    vi.stubEnv('GITHUB_ACTION_REF', 'v1');
    expect(eventOf({ event: 'push', payload: {} })).toMatchObject({
      run: 'https://github.example/octo/fleet/actions/runs/4711',
      rulesPage: 'https://github.example/vendor/action/blob/v1/docs/rules.md',
    });
    vi.stubEnv('GITHUB_ACTION_REPOSITORY', '');
    expect(eventOf({ event: 'push', payload: {} })).not.toHaveProperty('rulesPage');
  });

  it.each<[string, string, string, object, Event['otherBranch']]>([
    ['a push to it', 'push', 'refs/heads/main', {}, undefined],
    ['a push to another', 'push', 'refs/heads/feature', {}, { branch: 'feature', defaultBranch: 'main' }],
    ['a tag', 'release', 'refs/tags/main', {}, { branch: 'refs/tags/main', defaultBranch: 'main' }],
    [
      'a pull request for it',
      'pull_request',
      'refs/pull/1/merge',
      { pull_request: { base: { ref: 'main' } } },
      undefined,
    ],
    [
      'a pull request for another',
      'pull_request',
      'refs/pull/1/merge',
      { pull_request: { base: { ref: 'next' } } },
      { branch: 'next', defaultBranch: 'main' },
    ],
    ['a schedule, which runs there alone', 'schedule', '', {}, undefined],
  ])('tells whether it is about the default branch: %s', (_, event, ref, more, expected) => {
    vi.stubEnv('GITHUB_REF', ref);
    const payload = { repository: { default_branch: 'main' }, ...more };
    expect(eventOf({ event, payload }).otherBranch).toEqual(expected);
  });

  it.each<[string, string, string, Pick<EventRef, 'ref' | 'isRerun'> | undefined]>([
    ['a first run', 'refs/heads/main', '1', { ref: 'refs/heads/main', isRerun: false }],
    ['a run of an older server', 'refs/heads/main', '', { ref: 'refs/heads/main', isRerun: false }],
    ['a re-run', 'refs/heads/release/1', '2', { ref: 'refs/heads/release/1', isRerun: true }],
    ['a tag', 'refs/tags/v1', '1', { ref: 'refs/tags/v1', isRerun: false }],
    ['a pull request', 'refs/pull/1/merge', '3', undefined],
    ['no ref', '', '1', undefined],
  ])('tells of %s where its newest commit stands', (_, ref, attempt, expected) => {
    vi.stubEnv('GITHUB_REF', ref);
    vi.stubEnv('GITHUB_RUN_ATTEMPT', attempt);
    const where = { server: 'https://github.example', repository: 'octo/fleet' };
    expect(eventOf({ event: 'push', payload: {} }).ref).toEqual(expected && { ...expected, ...where });
  });

  it.each([
    ['fleet/devices.yaml', 'fleet/devices.yaml'],
    ['a b/#1?.yaml', 'a%20b/%231%3F.yaml'],
    ['x](javascript:alert).yaml', 'x%5D(javascript%3Aalert).yaml'],
    ['a|b<c>.yaml', 'a%7Cb%3Cc%3E.yaml'],
    ['gerät.yaml', 'ger%C3%A4t.yaml'],
  ])('links to a line of %s', (file, path) => {
    const { link } = eventOf({ event: 'push', payload: {} });
    const url = `https://github.example/octo/fleet/blob/0123abcd/${path}?plain=1#L12`;
    expect(link({ file, line: 12, column: 3 })).toBe(url);
    expect(new URL(url).hash).toBe('#L12');
  });
});
