import type { History } from '../model/history.ts';
import type { Command } from '../model/report.ts';
import type { Event } from './event.ts';
import { gitFault } from './git/faults.ts';
import { openHistory } from './git/history.ts';
import { runGit } from './git/run-git.ts';

/**
 * Opens the history for a run of the action. The run must be about the default branch, and the commit of the event must
 * be checked out: the manifests of another commit say nothing about it. A pull request may read the history but not
 * apply. Throws a usage `Fault` otherwise.
 */
export async function openEventHistory(root: string, event: Event, command: Command): Promise<History> {
  if (event.otherBranch !== undefined) throw gitFault('other-branch', event.otherBranch);
  if (event.base !== undefined) {
    if (command === 'apply') throw gitFault('pull-request-not-merged', {});
    return openHistory(root, 'HEAD');
  }
  const head = (await runGit(root, ['rev-parse', 'HEAD'])).toString('utf8').trim();
  if (head !== event.commit) throw gitFault('other-commit', { head, commit: event.commit });
  return openHistory(root, 'HEAD');
}
