import { info } from '@actions/core';
import { Fault, messageOf } from '../model/fault.ts';
import type { Report } from '../model/report.ts';
import { issueMarkdown, needsCare } from '../report/issue.ts';
import { visible } from '../report/visible.ts';
import type { Settings } from '../run/settings.ts';
import { type Client, isForbidden, openClient, whoWeAre } from './client.ts';
import type { Event } from './event.ts';
import { markerOf } from './marker.ts';
import { hiding } from './secrets.ts';

/**
 * Keeps the issue that the input `issue` names: opened where somebody has to look after the fleet, updated by later runs,
 * closed when all is well. One for each workflow, job, set of manifests and of hubs, found again by a hidden marker; its title may be
 * changed by hand. Nothing on pull requests, whose manifest is only proposed. Gives back what kept it from being written.
 */
export async function keepIssue(report: Report, settings: Settings, event: Event): Promise<readonly Fault[]> {
  const title = visible(settings.issue ?? '').trim();
  if (title === '' || /^pull_request/.test(process.env.GITHUB_EVENT_NAME ?? '')) return [];
  const token = settings['github-token'] ?? '';
  if (token === '') {
    return [
      new Fault('there is no github-token to write the issue with', 'Leave github-token out: the run has its own.'),
    ];
  }
  const marker = markerOf(settings, 'issue');
  const body = hiding(settings)(issueMarkdown(report, { marker, link: event.link, run: event.run }));
  const wanted: Issue = { title: title.slice(0, longestTitle), marker, body, open: needsCare(report) };
  try {
    const [owner = '', repo = ''] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
    const client = await openClient(token);
    info(`Issue "${wanted.title}": ${await putIssue(client, { owner, repo }, wanted)}`);
    return [];
  } catch (thrown) {
    return [faultOf(thrown)];
  }
}

/** GitHub takes 256 characters. */
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

async function putIssue(client: Client, repository: Repository, { title, marker, body, open }: Issue): Promise<string> {
  const { issues } = client.rest;
  const earlier = await findOpen(client, repository, marker);
  if (earlier !== undefined) {
    const state = open ? {} : ({ state: 'closed', state_reason: 'completed' } as const);
    await issues.update({ ...repository, issue_number: earlier, body, ...state });
    return open ? `#${earlier} updated` : `#${earlier} closed, all is well`;
  }
  if (!open) return 'not needed, all is well';
  const { data } = await issues.create({ ...repository, title, body });
  return `#${data.number} opened`;
}

/** The number of the open issue that begins with the marker, whichever page it is on; the newest of several. */
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

function faultOf(thrown: unknown): Fault {
  const remedy = isForbidden(thrown)
    ? 'Give the job permissions: { contents: read, issues: write }, and turn issues on in the settings of the repository.'
    : 'Run it again. If it stays so, look at https://www.githubstatus.com. The summary says what the issue would have said.';
  return new Fault(`the issue could not be written: ${messageOf(thrown)}`, remedy, { cause: thrown });
}
