import { info, notice, warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import type { Report } from '../model/report.ts';
import { scrubbed } from '../model/secrets.ts';
import { commentMarkdown, worthSaying } from '../report/comment.ts';
import type { Settings } from '../run/settings.ts';
import { type Client, type IsOurs, isForbidden, openClient, whoWeAre } from './client.ts';
import type { Event } from './event.ts';
import { markerOf } from './marker.ts';
import { hiding } from './secrets.ts';

/**
 * Tells the pull request what a run found: one comment for each workflow, job, set of manifests and of hubs, updated by later runs. A
 * run with nothing to say makes none, but updates one that is there. Nothing outside of pull requests, on those of forks, without
 * a token, or with `comment: never`. That it cannot be done never fails a run: it is told in a notice or a warning.
 */
export async function commentReport(report: Report, settings: Settings, event: Event): Promise<void> {
  const token = settings['github-token'] ?? '';
  if (settings.comment === 'never' || event.pullRequest === undefined || token === '') return;
  const marker = markerOf(settings, 'comment');
  const comment: Comment = {
    marker,
    body: hiding(settings)(commentMarkdown(report, { marker, link: event.link, run: event.run })),
    onlyUpdate: !worthSaying(report),
  };
  try {
    const [owner = '', repo = ''] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
    const done = await putComment(comment, { token, owner, repo, number: event.pullRequest });
    info(`Comment on pull request #${event.pullRequest}: ${done}`);
  } catch (thrown) {
    tell(thrown);
  }
}

interface Comment {
  /** The first line of the body. */
  readonly marker: string;
  readonly body: string;
  /** Nothing to say that would be worth a comment of its own. */
  readonly onlyUpdate: boolean;
}

interface Thread {
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

async function putComment(
  { marker, body, onlyUpdate }: Comment,
  { token, owner, repo, number }: Thread,
): Promise<'created' | 'updated' | 'not needed'> {
  const client = await openClient(token);
  const { issues } = client.rest;
  const earlier = await findEarlier(client, { owner, repo, issue_number: number }, marker);
  if (earlier !== undefined) {
    await issues.updateComment({ owner, repo, comment_id: earlier, body });
    return 'updated';
  }
  if (onlyUpdate) return 'not needed';
  await issues.createComment({ owner, repo, issue_number: number, body });
  return 'created';
}

/** The id of the comment that begins with the marker, whichever page it is on. */
async function findEarlier(
  client: Client,
  thread: { readonly owner: string; readonly repo: string; readonly issue_number: number },
  marker: string,
): Promise<number | undefined> {
  const pages = client.paginate.iterator(client.rest.issues.listComments, { ...thread, per_page: 100 });
  let ours: IsOurs | undefined;
  for await (const { data } of pages) {
    for (const { id, body, user } of data) {
      if (user === null || !body?.startsWith(marker)) continue;
      ours ??= await whoWeAre(client);
      if (ours(user)) return id;
    }
  }
  return undefined;
}

const title = 'pull request comment';
const permissions = 'permissions:\n  contents: read\n  pull-requests: write';

function tell(thrown: unknown): void {
  const message = scrubbed(messageOf(thrown));
  if (isForbidden(thrown)) {
    notice(
      `The token may not comment on pull requests (${message}). Give the job\n${permissions}\nor set comment: never.`,
      { title },
    );
    return;
  }
  warning(`The pull request has no comment of this run: ${message}. The summary says the same.`, { title });
}
