import type { History } from '../model/history.ts';
import type { Command } from '../model/report.ts';
import type { Event } from './event.ts';
import { offDefault, openHistory } from './git/history.ts';
import { runGit } from './git/run-git.ts';

/**
 * The history for a run of the action. It has to be about the default branch, and what is checked out has to be the commit of the
 * event: another one's manifests say nothing of it. A pull request may only look. Throws a usage `Fault` where it is otherwise.
 */
export async function openEventHistory(root: string, event: Event, command: Command): Promise<History> {
  if (event.otherBranch !== undefined) throw offDefault(event.otherBranch);
  if (event.base !== undefined) {
    if (command === 'apply') throw offDefault('the pull request is not merged yet');
    return openHistory(root, 'HEAD');
  }
  const head = (await runGit(root, ['rev-parse', 'HEAD'])).toString('utf8').trim();
  const short = (commit: string) => commit.slice(0, 12);
  if (head !== event.commit) {
    throw offDefault(`${short(head)} is checked out, and the event is about ${short(event.commit)}`);
  }
  return openHistory(root, 'HEAD');
}
