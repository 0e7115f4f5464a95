import { faultRow, faultsOf } from '../model/fault-table.ts';
import { shortCommit } from './git/short-commit.ts';
import { githubLines } from './lines.ts';
import { refName } from './ref-name.ts';

const mainCommit = '0123456789abcdef0123456789abcdef01234567';

const tryAgain = 'Run it again. If it stays so, look at https://www.githubstatus.com.';

/** The faults of the runner: artifacts, ID tokens, the issue, old commits. Those of asking git are in `git/faults.ts`. */
export const githubFaults = {
  'uploads-outside-actions': faultRow<{ variable: string }>({
    kind: 'usage',
    message: ({ variable }) => `artifacts cannot be uploaded: ${variable} is not set`,
    remedy: () => 'Artifacts exist inside GitHub Actions only, for steps with uses:. Elsewhere set artifacts: none.',
    example: { variable: 'ACTIONS_RUNTIME_TOKEN' },
  }),
  'uploads-on-enterprise-server': faultRow<object>({
    kind: 'usage',
    message: () =>
      'artifacts cannot be uploaded: GitHub Enterprise Server does not take those of @actions/artifact 2 and newer',
    remedy: () =>
      'Set artifacts: none, and pass on the folder bundles-directory in another way (actions/upload-artifact@v3 works there).',
    example: {},
  }),
  'id-token-not-allowed': faultRow<{ withoutSecrets: string | undefined }>({
    kind: 'usage',
    message: ({ withoutSecrets }) =>
      `client-id signs in with an ID token of GitHub, and this job may not have one${withoutSecrets === undefined ? '' : `: ${withoutSecrets}`}`,
    remedy: () =>
      'Add to the job, and to one that calls it as a reusable workflow: permissions: { contents: read, id-token: write }. Pull requests of forks never get it; there plan only validates.',
    example: { withoutSecrets: githubLines['fork-without-secrets']() },
  }),
  'id-token-refused': faultRow<{ reason: string }>({
    message: ({ reason }) => `GitHub gave no ID token: ${reason}`,
    remedy: () => tryAgain,
    example: { reason: 'Failed to get ID Token. Error Code : 500 Error Message: Server Error' },
  }),
  'issue-without-token': faultRow<object>({
    message: () => 'there is no github-token to write the issue with',
    remedy: () => 'Leave github-token out: the run has its own.',
    example: {},
  }),
  'issue-forbidden': faultRow<{ reason: string }>({
    message: ({ reason }) => `the issue could not be written: ${reason}`,
    remedy: () =>
      'Give the job permissions: { contents: read, issues: write }, and turn issues on in the settings of the repository.',
    example: { reason: 'Resource not accessible by integration' },
  }),
  'issue-failed': faultRow<{ reason: string }>({
    message: ({ reason }) => `the issue could not be written: ${reason}`,
    remedy: () => `${tryAgain} The summary says what the issue would have said.`,
    example: { reason: 'Server Error' },
  }),
  'commit-outdated': faultRow<Outdated & { file: string; newer: string }>({
    kind: 'usage',
    message: ({ file, newer, ...run }) =>
      `this run is at ${shortCommit(run.commit)}, and ${file} is different in ${shortCommit(newer)}, the newest commit of ${refName(run)}: to apply the older commit would bring back an old state`,
    remedy: ({ newer, ...run }) =>
      `Let the run of ${shortCommit(newer)} apply. If there is none, start the workflow on ${refName(run)} again, for example by workflow_dispatch. To go back on purpose, revert the change on ${refName(run)}.`,
    example: { ...exampleRun(), file: 'fleet/devices.yaml', newer: 'fedcba9876543210fedcba9876543210fedcba98' },
  }),
  'ref-gone': faultRow<Outdated>({
    kind: 'usage',
    message: (run) => `this run is at ${shortCommit(run.commit)} of ${refName(run)}, which no longer exists`,
    remedy: () => 'Start the workflow on a branch that exists: apply writes what a branch or a tag says now.',
    example: exampleRun(),
  }),
  'newest-unknown': faultRow<Outdated & { reason: string }>({
    message: ({ reason, ...run }) =>
      `a plan that may have waited is applied only if ${refName(run)} still says the same, and its newest commit cannot be fetched: ${reason}`,
    remedy: () =>
      "Re-run the job. If it stays so, see that the runner has git and reaches GitHub's server with it, as actions/checkout does, and that the job has the permission contents: read.",
    example: {
      ref: 'refs/heads/main',
      commit: mainCommit,
      reason: "git ls-remote ended with 128: fatal: unable to access 'https://github.com/octo/fleet/'",
    },
  }),
};

export const githubFault = faultsOf(githubFaults);

/** A run that must not apply its commit. */
interface Outdated {
  /** `refs/heads/main`, `refs/tags/v1` */
  readonly ref: string;
  /** The commit that is checked out. */
  readonly commit: string;
}

function exampleRun(): Outdated {
  return { ref: 'refs/heads/main', commit: mainCommit };
}
