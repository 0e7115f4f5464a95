import { info } from '@actions/core';
import { type Fault, messageOf } from '../model/fault.ts';
import type { Report } from '../model/report.ts';
import { issueMarkdown, needsCare } from '../report/issue.ts';
import { visible } from '../report/visible.ts';
import type { RunSettings } from '../run/settings.ts';
import { type Client, isForbidden, openClient, whoWeAre } from './client.ts';
import type { Event } from './event.ts';
import { githubFault } from './faults.ts';
import { githubLines, type IssueDone } from './lines.ts';
import { markerOf } from './marker.ts';
import { hiding } from './secrets.ts';

/**
 * Maintains the issue that the input `issue` names. A run opens it when somebody has to look after the fleet; later
 * runs update it, and close it when all is well. There is one issue for each workflow, job, set of manifests and set of
 * hubs. A hidden marker identifies it, so its title can be changed by hand. Does nothing on pull requests, whose
 * manifest is only proposed. Returns the fault that kept the issue from being written, if any.
 */
export async function keepIssue(report: Report, settings: RunSettings, event: Event): Promise<readonly Fault[]> {
  const title = visible(settings.issue ?? '');
  if (title === '' || /^pull_request/.test(process.env.GITHUB_EVENT_NAME ?? '')) return [];
  const token = settings.githubToken;
  if (token === '') return [githubFault('issue-without-token', {})];
  const marker = markerOf(settings, 'issue');
  const body = hiding(settings.secrets)(issueMarkdown(report, { marker, link: event.link, run: event.run }));
  const wanted: Issue = { title: title.slice(0, longestTitle), marker, body, open: needsCare(report) };
  try {
    const [owner = '', repo = ''] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
    const client = await openClient(token);
    const done = await putIssue(client, { owner, repo }, wanted);
    info(githubLines.issue({ title: wanted.title, done }));
    return [];
  } catch (thrown) {
    const name = isForbidden(thrown) ? 'issue-forbidden' : 'issue-failed';
    return [githubFault(name, { reason: messageOf(thrown) }, { cause: thrown })];
  }
}

/** GitHub takes titles of up to 256 characters. */
const longestTitle = 250;

interface Issue {
  readonly title: string;
  /** The first line of the body. */
  readonly marker: string;
  readonly body: string;
  readonly open: boolean;
}

interface Repository {
  readonly owner: string;
  readonly repo: string;
}

async function putIssue(
  client: Client,
  repository: Repository,
  { title, marker, body, open }: Issue,
): Promise<IssueDone> {
  const { issues } = client.rest;
  const earlier = await findOpen(client, repository, marker);
  if (earlier !== undefined) {
    const state = open ? {} : ({ state: 'closed', state_reason: 'completed' } as const);
    await issues.update({ ...repository, issue_number: earlier, body, ...state });
    return { kind: open ? 'updated' : 'closed', number: earlier };
  }
  if (!open) return { kind: 'not-needed' };
  const { data } = await issues.create({ ...repository, title, body });
  return { kind: 'opened', number: data.number };
}

/**
 * Returns the number of our open issue that begins with the marker, from any page of the list; if there are several,
 * the newest.
 */
async function findOpen(client: Client, repository: Repository, marker: string): Promise<number | undefined> {
  const pages = client.paginate.iterator(client.rest.issues.listForRepo, {
    ...repository,
    state: 'open',
    per_page: 100,
  });
  let ours: Awaited<ReturnType<typeof whoWeAre>> | undefined;
  for await (const { data } of pages) {
    for (const { number, body, user, pull_request: pullRequest } of data) {
      if (pullRequest !== undefined || user === null || !body?.startsWith(marker)) continue;
      ours ??= await whoWeAre(client);
      if (ours(user)) return number;
    }
  }
  return undefined;
}
