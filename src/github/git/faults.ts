import { faultRow, faultsOf } from '../../model/fault-table.ts';
import { shortCommit } from './short-commit.ts';

const onDefaultBranch = 'Run with prune on the default branch, or on a pull request for it; elsewhere leave prune out.';

const onlyDefault = 'only the default branch says which devices are no longer declared';

/** The faults of asking git. */
export const gitFaults = {
  'git-missing': faultRow<object>({
    message: () => 'git cannot be run',
    remedy: () => 'Install git; it tells what earlier commits declared.',
    example: {},
  }),
  'git-failed': faultRow<{ command: string; code: number; reason: string }>({
    message: ({ command, code, reason }) => `git ${command} ended with ${code}: ${reason}`,
    remedy: () => 'See that the workspace is a git work tree, with the history of the default branch (fetch-depth: 0).',
    example: { command: 'log', code: 128, reason: "fatal: bad revision 'nowhere'" },
  }),
  'default-branch-unknown': faultRow<object>({
    kind: 'usage',
    message: () =>
      'the clone does not know which branch of origin is the default one, and only that says which devices are no longer declared',
    remedy: () => 'Let git ask for it: git remote set-head origin --auto',
    example: {},
  }),
  'other-branch-checked-out': faultRow<{ branch: string; origin: string }>({
    kind: 'usage',
    message: ({ branch, origin }) => `${onlyDefault}: ${branch} is checked out, not ${origin}`,
    remedy: () => onDefaultBranch,
    example: { branch: 'feature', origin: 'origin/main' },
  }),
  'other-branch': faultRow<{ branch: string; defaultBranch: string }>({
    kind: 'usage',
    message: ({ branch, defaultBranch }) => `${onlyDefault}: ${branch} is not the default branch (${defaultBranch})`,
    remedy: () => onDefaultBranch,
    example: { branch: 'next', defaultBranch: 'main' },
  }),
  'pull-request-not-merged': faultRow<object>({
    kind: 'usage',
    message: () => `${onlyDefault}: the pull request is not merged yet`,
    remedy: () => onDefaultBranch,
    example: {},
  }),
  'other-commit': faultRow<{ head: string; commit: string }>({
    kind: 'usage',
    message: ({ head, commit }) =>
      `${onlyDefault}: ${shortCommit(head)} is checked out, and the event is about ${shortCommit(commit)}`,
    remedy: () => onDefaultBranch,
    example: {
      head: '0123456789abcdef0123456789abcdef01234567',
      commit: 'fedcba9876543210fedcba9876543210fedcba98',
    },
  }),
  'sparse-checkout': faultRow<object>({
    message: () =>
      'only a part of the repository is checked out (a sparse checkout), so what other manifests declare cannot be told',
    remedy: () =>
      'Check out all of it: in the step actions/checkout leave sparse-checkout out; on the command line: git sparse-checkout disable.',
    example: {},
  }),
  'shallow-clone': faultRow<object>({
    message: () =>
      'the history of the repository is cut off (a shallow clone), so devices that were once declared cannot be told',
    remedy: () =>
      'Fetch all of it: in the step actions/checkout write "with: { fetch-depth: 0 }"; on the command line: git fetch --unshallow.',
    example: {},
  }),
  'strangers-head': faultRow<StrangersEvent & { head: string | undefined }>({
    kind: 'usage',
    message: ({ event, commit, head }) =>
      `strangers can start a run on ${event}, so apply takes the default branch's own commit (${shortCommit(commit)}) alone; ${head === undefined ? 'files of no commit are' : `${shortCommit(head)} is`} checked out`,
    remedy: safeWays,
    example: {
      event: 'pull_request_target',
      commit: '0123456789abcdef0123456789abcdef01234567',
      head: 'fedcba9876543210fedcba9876543210fedcba98',
    },
  }),
  'strangers-file': faultRow<StrangersEvent & { file: string }>({
    kind: 'usage',
    message: ({ event, commit, file }) =>
      `strangers can start a run on ${event}, so apply takes the default branch's own commit (${shortCommit(commit)}) alone; ${file} is not as it is there`,
    remedy: safeWays,
    example: { event: 'workflow_run', commit: '0123456789abcdef0123456789abcdef01234567', file: 'fleet/devices.yaml' },
  }),
};

export const gitFault = faultsOf(gitFaults);

/** A run with the secrets of the repository that a stranger may have started. */
interface StrangersEvent {
  readonly event: string;
  /** The newest commit of the default branch: GITHUB_SHA. */
  readonly commit: string;
}

function safeWays(): string {
  return 'There are two safe ways. Run apply on push, for the default branch: it then applies what was reviewed and merged. Or leave ref and repository out of the step actions/checkout, so that the commit of GITHUB_SHA is checked out, and change no file of it before apply.';
}
