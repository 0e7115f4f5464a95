import { describe, expect, it, vi } from 'vitest';
import { commentReport } from '../../src/github/comment.ts';
import type { Event } from '../../src/github/event.ts';
import { type CommentDone, githubLines } from '../../src/github/lines.ts';
import type { Report } from '../../src/model/report.ts';
import { headlines } from '../../src/report/headline.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { judgeSettings, type Settings } from '../../src/run/settings.ts';
import { everyResult, findingOf, outcomeOf, reportOf } from '../report/reports.ts';
import { type Behaviour, githubToken, type StoredComment } from '../support/github-api.ts';
import { reachAt, useOctoFleet } from './octo-fleet.ts';

const inputs = { command: 'plan', manifest: 'devices.yaml', comment: 'auto', 'github-token': githubToken };
const settingsOf = async (texts: Settings) => (await judgeSettings(texts, { directory: '/srv' })).settings;
const settings = await settingsOf(inputs);
const event: Event = {
  link: () => 'https://github.example/line',
  run: 'https://github.example/run',
  commit: '0123abcd',
  pullRequest: 7,
};
const bot = { login: 'github-actions[bot]', type: 'Bot' } as const;

const fleet = useOctoFleet({ GITHUB_WORKFLOW: 'provision', GITHUB_JOB: 'plan' });

/** Returns the first line of the comment of a run with these settings. */
async function markerOf(changed: object = {}): Promise<string> {
  const { comments } = await fleet.apiWith();
  await commentReport(everyResult.changes, await settingsOf({ ...inputs, ...changed }), event);
  return comments[0]!.body.split('\n')[0]!;
}

const stranger = (id: number, body = 'Looks good'): StoredComment => ({
  id,
  issue: 7,
  body,
  user: { login: 'mallory', type: 'User' },
});
const thread = 'GET /repos/octo/fleet/issues/7/comments';
const creation = 'POST /repos/octo/fleet/issues/7/comments';

const done = (what: CommentDone) => githubLines.comment({ pullRequest: 7, done: what });

describe('the comment of a run', () => {
  it('is made once, and later runs update it', async () => {
    const api = await fleet.apiWith({ comments: [stranger(1)] });
    await commentReport(everyResult.changes, settings, event);
    await commentReport(everyResult.unchanged, settings, event);
    expect(api.calls).toEqual([thread, creation, thread, 'POST /graphql', 'PATCH /repos/octo/fleet/issues/comments/2']);
    expect(api.comments).toHaveLength(2);
    expect(api.comments[1]!.body).toContain(escapeMarkdown(headlines.unchanged({ command: 'plan', devices: 3 })));
    expect(fleet.log.trimEnd().split(/\r?\n/)).toEqual([done('created'), done('updated')]);
  });

  it('is found beyond the first page', async () => {
    const marker = await markerOf();
    const comments = [
      ...Array.from({ length: 240 }, (_, n) => stranger(n + 1)),
      { id: 241, issue: 7, body: `${marker}\nold`, user: bot },
    ];
    const api = await fleet.apiWith({ comments });
    await commentReport(everyResult.changes, settings, event);
    expect(api.calls).toEqual([
      thread,
      `${thread}?page=2`,
      `${thread}?page=3`,
      'POST /graphql',
      'PATCH /repos/octo/fleet/issues/comments/241',
    ]);
  });

  it('is not made where there is nothing to say', async () => {
    const api = await fleet.apiWith();
    await commentReport(everyResult.unchanged, settings, event);
    expect(api.calls).toEqual([thread]);
    expect(fleet.log.trimEnd()).toBe(done('not needed'));
  });

  it.each([
    ['a user', { login: 'mallory', type: 'User' as const }],
    ['another bot', { login: 'echo[bot]', type: 'Bot' as const }],
    ['somebody called like our bot', { login: 'github-actions', type: 'User' as const }],
    ['nobody', null],
  ])('never takes the place of one by %s that begins with the marker', async (_, user) => {
    const marker = await markerOf();
    const api = await fleet.apiWith({ comments: [{ id: 1, issue: 7, body: `${marker}\nforged`, user }] });
    await commentReport(everyResult.changes, settings, event);
    expect(api.comments.map(({ body }) => body.split('\n')[1])).toEqual(['forged', expect.stringMatching(/^### \w/)]);
  });

  it.each<[string, string | undefined, StoredComment['user']]>([
    ['of the token of the run', 'github-actions[bot]', bot],
    ['of an app, whose login may lack its ending', 'fleet-app', { login: 'fleet-app[bot]', type: 'Bot' }],
    ['of a person', 'octocat', { login: 'octocat', type: 'User' }],
    ['of the run where nobody tells who the token is', undefined, bot],
  ])('is known by its account: %s', async (_, viewer, user) => {
    const marker = await markerOf();
    const api = await fleet.apiWith({
      viewer: viewer ?? null,
      comments: [{ id: 5, issue: 7, body: `${marker}\nold`, user }],
    });
    await commentReport(everyResult.changes, settings, event);
    expect(api.calls.at(-1)).toBe('PATCH /repos/octo/fleet/issues/comments/5');
  });

  it('leaves one of ours that only quotes the marker', async () => {
    const marker = await markerOf();
    const api = await fleet.apiWith({ comments: [{ id: 1, issue: 7, body: `> ${marker}`, user: bot }] });
    await commentReport(everyResult.changes, settings, event);
    expect(api.comments).toHaveLength(2);
  });

  it.each([
    ['hub', { hub: 'b.azure-devices.net' }],
    ['only-hub', { 'only-hub': 'b.azure-devices.net' }],
    ['manifest', { manifest: 'other.yaml' }],
    ['command', { command: 'validate' }],
  ])('is another one for another %s', async (_, changed) => {
    expect(await markerOf(changed)).not.toBe(await markerOf());
  });

  const strings = (...hosts: readonly string[]) =>
    hosts.map((host) => `HostName=${host};SharedAccessKeyName=o;SharedAccessKey=c2VjcmV0`).join('\n');

  it('is another one for another connection string, and the same for another key or another order', async () => {
    const first = await markerOf({ 'connection-string': strings('a.example', 'b.example') });
    expect(await markerOf({ 'connection-string': strings('a.example') })).not.toBe(first);
    expect(await markerOf({ 'connection-string': strings('B.example', 'a.example').replace('c2Vj', 'bmV3') })).toBe(
      first,
    );
    expect(await markerOf({ hub: 'b.example\na.example\n' })).toBe(first);
  });

  it('is the same for another name of the hub', async () => {
    const names = [
      'contoso.azure-devices.net',
      'contoso.Device.azure-devices.net',
      'contoso.service.azure-devices.net',
    ];
    const of = (settings: (host: string) => object) => Promise.all(names.map((host) => markerOf(settings(host))));
    expect(new Set(await of((hub) => ({ hub }))).size).toBe(1);
    expect(new Set(await of((hub) => ({ 'only-hub': hub }))).size).toBe(1);
    expect(new Set(await of((host) => ({ 'connection-string': strings(host) }))).size).toBe(1);
  });

  it('is another one for another job or workflow', async () => {
    const first = await markerOf();
    vi.stubEnv('GITHUB_JOB', 'other');
    const second = await markerOf();
    vi.stubEnv('GITHUB_WORKFLOW', 'other');
    expect(new Set([first, second, await markerOf()]).size).toBe(3);
  });

  it('holds no key of the hub and no token, in whatever form', async () => {
    const key = 'c2VjcmV0+of/the/hub==';
    const api = await fleet.apiWith();
    const echo = `the hub said ${key} and ${githubToken}`;
    const report = reportOf({ findings: [findingOf({ message: echo })], outcomes: [outcomeOf('failed', 'a', echo)] });
    const secret = await settingsOf({
      ...inputs,
      'connection-string': `HostName=a.b;SharedAccessKeyName=o;SharedAccessKey=${key}\n`,
    });
    await commentReport(report, secret, event);
    const text = api.comments[0]!.body.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(text.match(/the hub said \*\*\* and \*\*\*/g)).toHaveLength(2);
    expect(text).not.toContain('c2VjcmV0');
  });
});

describe('no comment is tried', () => {
  const { pullRequest: _, ...elsewhere } = event;
  it.each<[string, object, Event]>([
    ['outside of pull requests and on those of forks', {}, elsewhere],
    ['where the workflow says never', { comment: 'never' }, event],
    ['without a token', { 'github-token': '' }, event],
  ])('%s', async (_, changed, where) => {
    const { calls } = await fleet.apiWith();
    await commentReport(everyResult.changes, await settingsOf({ ...inputs, ...changed }), where);
    expect([calls, fleet.log]).toEqual([[], '']);
  });
});

describe('a comment that cannot be made', () => {
  const failing = async (instead: Behaviour['instead'], report: Report = everyResult.changes) => {
    const api = await fleet.apiWith(instead === undefined ? {} : { instead });
    await commentReport(report, settings, event);
    return api.calls;
  };
  const warned = (reason: string) =>
    `::warning title=pull request comment::${githubLines['comment-failed']({ reason })}`;

  it.each([
    [403, 'Resource not accessible by integration', 'POST'],
    [403, 'Resource not accessible by integration', 'GET'],
    [404, 'Not Found', 'GET'],
  ])('for want of permission (%i %s on %s) is a notice with what to add', async (status, message, method) => {
    const calls = await failing((call) => (call.startsWith(method) ? { status, message } : undefined));
    expect(calls.at(-1)).toMatch(new RegExp(`^${method}`));
    const text = githubLines['comment-forbidden']({ reason: message });
    expect(text).toContain('\npermissions:\n  contents: read\n  pull-requests: write\n');
    expect(fleet.log.trimEnd()).toBe(`::notice title=pull request comment::${text.replaceAll('\n', '%0A')}`);
  });

  it.each([
    [403, 'API rate limit exceeded'],
    [422, 'Validation Failed'],
    [500, 'Server Error'],
  ])('for another reason (%i %s) is a warning, and tried once', async (status, message) => {
    const calls = await failing((call) => (call.startsWith('POST') ? { status, message } : undefined));
    expect(calls).toEqual([thread, creation]);
    expect(fleet.log.trimEnd()).toBe(warned(message));
  });

  it('since nobody answers is a warning after ten seconds', async () => {
    const patience = vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('no answer in time', 'TimeoutError')), milliseconds / 100);
      return controller.signal;
    });
    await failing(() => 'silence');
    expect(patience.mock.calls).toEqual([[10_000]]);
    expect(fleet.log.trimEnd()).toBe(warned('no answer in time'));
  });

  it('since nobody listens is a warning', async () => {
    const api = await fleet.apiWith();
    reachAt(api.url.replace(/\d+$/, '1'));
    await commentReport(everyResult.changes, settings, event);
    expect(fleet.log).toMatch(/^::warning title=pull request comment::/);
  });
});
