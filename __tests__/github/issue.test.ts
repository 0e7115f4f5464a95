import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../../src/github/event.ts';
import { githubFault } from '../../src/github/faults.ts';
import { keepIssue } from '../../src/github/issue.ts';
import { githubLines, type IssueDone } from '../../src/github/lines.ts';
import { Fault } from '../../src/model/fault.ts';
import { headlines } from '../../src/report/headline.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { judgeSettings, type Settings } from '../../src/run/settings.ts';
import { everyResult, findingOf, reportOf } from '../report/reports.ts';
import { said } from '../support/fault.ts';
import { githubToken, type StoredIssue } from '../support/github-api.ts';
import { useOctoFleet } from './octo-fleet.ts';

const inputs = {
  command: 'verify',
  manifest: 'devices.yaml',
  issue: 'IoT Edge fleet needs care',
  'github-token': githubToken,
};
const settingsOf = async (texts: Settings) => (await judgeSettings(texts, { directory: '/srv' })).settings;
const settings = await settingsOf(inputs);
const event: Event = {
  link: () => 'https://github.example/line',
  run: 'https://github.example/run',
  commit: '0123abcd',
};
const drift = everyResult.drift;
const well = everyResult['in-sync'];
const soon = reportOf({
  command: 'verify',
  result: 'in-sync',
  findings: [findingOf({ rule: 'certificate/expires-soon', severity: 'warning', message: 'ends in 8 days' })],
});

const fleet = useOctoFleet({
  GITHUB_WORKFLOW: 'watch',
  GITHUB_JOB: 'watch',
  GITHUB_EVENT_NAME: 'schedule',
});

/** Returns the first line of the issue of a run with these settings. */
async function markerOf(changed: object = {}): Promise<string> {
  const { issues } = await fleet.apiWith();
  await keepIssue(drift, await settingsOf({ ...inputs, ...changed }), event);
  return issues[0]!.body!.split('\n')[0]!;
}

const other = (number: number, body: string | null, more: Partial<StoredIssue> = {}): StoredIssue => ({
  number,
  title: 'Something else',
  body,
  state: 'open',
  user: { login: 'github-actions[bot]', type: 'Bot' },
  ...more,
});

const list = 'GET /repos/octo/fleet/issues';
const creation = 'POST /repos/octo/fleet/issues';

describe('the issue of a watch', () => {
  it('is opened when the hub drifts, updated, closed when all is well, and opened anew the next time', async () => {
    const api = await fleet.apiWith();
    for (const report of [well, drift, soon, well, drift]) expect(await keepIssue(report, settings, event)).toEqual([]);
    const update = 'PATCH /repos/octo/fleet/issues/1';
    expect(api.calls).toEqual([
      list,
      ...[list, creation],
      ...[list, 'POST /graphql', update],
      ...[list, 'POST /graphql', update],
      ...[list, creation],
    ]);
    expect(api.issues).toMatchObject([
      { number: 1, title: settings.issue, state: 'closed', state_reason: 'completed' },
      { number: 2, title: settings.issue, state: 'open' },
    ]);
    expect(api.issues[0]!.body).toContain(escapeMarkdown(headlines['in-sync']({ devices: 3 })));
    expect(api.issues[1]!.body).toContain(escapeMarkdown(headlines.drift({ update: 1, conflict: 1, unchanged: 1 })));
    const line = (done: IssueDone) => githubLines.issue({ title: 'IoT Edge fleet needs care', done });
    expect(fleet.log.trimEnd().split(/\r?\n/)).toEqual([
      line({ kind: 'not-needed' }),
      line({ kind: 'opened', number: 1 }),
      line({ kind: 'updated', number: 1 }),
      line({ kind: 'closed', number: 1 }),
      line({ kind: 'opened', number: 2 }),
    ]);
  });

  it('is opened for a certificate that ends soon, and says which', async () => {
    const api = await fleet.apiWith();
    await keepIssue(soon, settings, event);
    expect(api.issues[0]!.body).toContain('ends in 8 days');
  });

  it('is opened when the run could not tell', async () => {
    const api = await fleet.apiWith();
    const unable = reportOf({ command: 'verify', result: 'failed', faults: [new Fault('no answer', 'Wait.')] });
    await keepIssue(unable, settings, event);
    expect(api.issues[0]!.body).toContain('no answer');
  });

  it('is not opened for a warning that stays as long as a certificate does', async () => {
    const api = await fleet.apiWith();
    const warned = findingOf({ rule: 'certificate/is-ca', severity: 'warning' });
    await keepIssue(reportOf({ command: 'verify', result: 'in-sync', findings: [warned] }), settings, event);
    expect(api.issues).toEqual([]);
  });

  it('is opened for such a warning where warnings make a run fail', async () => {
    const api = await fleet.apiWith();
    const warned = findingOf({ rule: 'certificate/is-ca', severity: 'warning', message: 'an authority' });
    await keepIssue(reportOf({ command: 'verify', result: 'invalid', findings: [warned] }), settings, event);
    expect(api.issues[0]!.body).toContain('an authority');
  });

  it('is found beyond the first page, also under another title', async () => {
    const marker = await markerOf();
    const others = Array.from({ length: 230 }, (_, n) => other(n + 2, 'Else'));
    const api = await fleet.apiWith({ issues: [other(1, `${marker}\nold`, { title: 'Renamed' }), ...others] });
    await keepIssue(drift, settings, event);
    expect(api.calls.slice(0, 3)).toEqual([list, `${list}?page=2`, `${list}?page=3`]);
    expect(api.issues).toHaveLength(231);
    expect(api.issues[0]).toMatchObject({ title: 'Renamed', body: expect.stringContaining('### Drift') });
  });

  it.each([
    ["a stranger's that carries the marker", { user: { login: 'mallory', type: 'User' } }],
    ['a pull request', { pull_request: {} }],
    ['a closed one', { state: 'closed' }],
    ["a deleted account's", { user: null }],
  ] as const)('is not taken for %s', async (_, more) => {
    const marker = await markerOf();
    const api = await fleet.apiWith({ issues: [other(1, `${marker}\nold`, more)] });
    await keepIssue(drift, settings, event);
    expect(api.issues[0]!.body).toBe(`${marker}\nold`);
    expect(api.issues).toHaveLength(2);
  });

  it('is left open by the watch of another hub, which is well', async () => {
    const api = await fleet.apiWith();
    const of = (host: string) =>
      settingsOf({ ...inputs, 'connection-string': `HostName=${host};SharedAccessKeyName=o;SharedAccessKey=c2VjcmV0` });
    await keepIssue(drift, await of('a.example'), event);
    await keepIssue(well, await of('b.example'), event);
    expect(api.issues).toMatchObject([{ state: 'open' }]);
  });

  it('is another one for other manifests, and the same for another title', async () => {
    expect(await markerOf({ manifest: 'other.yaml' })).not.toBe(await markerOf());
    expect(await markerOf({ issue: 'Another' })).toBe(await markerOf());
  });

  it.each([
    ['no title', { issue: '  ' }, 'schedule'],
    ['a pull request, which only proposes', {}, 'pull_request'],
    ['a pull request of a stranger', {}, 'pull_request_target'],
  ])('is not asked for with %s', async (_, changed, eventName) => {
    vi.stubEnv('GITHUB_EVENT_NAME', eventName);
    const api = await fleet.apiWith();
    expect(await keepIssue(drift, await settingsOf({ ...inputs, ...changed }), event)).toEqual([]);
    expect(api.calls).toEqual([]);
  });

  it.each([403, 404, 410])('fails the run with the permission to give when GitHub answers %i', async (status) => {
    const reason = 'Resource not accessible by integration';
    await fleet.apiWith({ instead: () => ({ status, message: reason }) });
    const faults = await keepIssue(drift, settings, event);
    expect(faults.map(said)).toEqual([said(githubFault('issue-forbidden', { reason }))]);
  });

  it('fails the run when GitHub is out of order, or there is no token', async () => {
    await fleet.apiWith({ instead: () => ({ status: 500, message: 'Oops' }) });
    const outOfOrder = await keepIssue(drift, settings, event);
    expect(outOfOrder.map(said)).toEqual([said(githubFault('issue-failed', { reason: 'Oops' }))]);
    const withoutToken = await keepIssue(drift, await settingsOf({ ...inputs, 'github-token': '' }), event);
    expect(withoutToken.map(said)).toEqual([said(githubFault('issue-without-token', {}))]);
  });

  it('shows no secret that a hub has echoed', async () => {
    const api = await fleet.apiWith();
    const key = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
    const echo = reportOf({ command: 'verify', result: 'failed', faults: [new Fault(`refused ${key}`, 'Wait.')] });
    const strings = `HostName=h;SharedAccessKeyName=n;SharedAccessKey=${key}`;
    await keepIssue(echo, await settingsOf({ ...inputs, 'connection-string': strings }), event);
    expect(api.issues[0]!.body).toContain('refused');
    expect(api.issues[0]!.body).not.toContain(key.slice(0, 20));
  });
});
