import { info, notice, warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import type { Report } from '../model/report.ts';
import { scrubbed } from '../model/secrets.ts';
import { commentMarkdown, worthSaying } from '../report/comment.ts';
import type { RunSettings } from '../run/settings.ts';
import { type Client, type IsOurs, isForbidden, openClient, whoWeAre } from './client.ts';
import type { Event } from './event.ts';
import { type CommentDone, githubLines } from './lines.ts';
import { markerOf } from './marker.ts';
import { hiding } from './secrets.ts';

/**
 * Writes what a run found as a comment on the pull request. There is one comment for each workflow, job, set of
 * manifests and set of hubs; later runs update it. A run with nothing to report creates no comment, but updates an
 * existing one. Does nothing outside of pull requests, on pull requests of forks, without a token, or with
 * `comment: never`. A comment that cannot be written does not fail the run: a notice or a warning says why.
 */
export async function commentReport(report: Report, settings: RunSettings, event: Event): Promise<void> {
  const token = settings.githubToken;
  if (settings.comment === 'never' || event.pullRequest === undefined || token === '') return;
  const marker = markerOf(settings, 'comment');
  const comment: Comment = {
    marker,
    body: hiding(settings.secrets)(commentMarkdown(report, { marker, link: event.link, run: event.run })),
    onlyUpdate: !worthSaying(report),
  };
  try {
    const [owner = '', repo = ''] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
    const done = await putComment(comment, { token, owner, repo, number: event.pullRequest });
    info(githubLines.comment({ pullRequest: event.pullRequest, done }));
  } catch (thrown) {
    tell(thrown);
  }
}

interface Comment {
  /** The first line of the body. */
  readonly marker: string;
  readonly body: string;
  /** If true, an existing comment is updated, but none is created. */
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
): Promise<CommentDone> {
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

/** Returns the id of our comment that begins with the marker, from any page of the thread. */
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

function tell(thrown: unknown): void {
  const reason = scrubbed(messageOf(thrown));
  if (isForbidden(thrown)) notice(githubLines['comment-forbidden']({ reason }), { title });
  else warning(githubLines['comment-failed']({ reason }), { title });
}
