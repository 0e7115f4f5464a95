import { faultRow, faultsOf } from '../model/fault-table.ts';
import { shortCommit } from './git/short-commit.ts';
import { githubLines } from './lines.ts';

const mainCommit = '0123456789abcdef0123456789abcdef01234567';

const tryAgain = 'Run it again. If it stays so, look at https://www.githubstatus.com.';

/** The faults of the runner: artifacts, ID tokens, the issue, re-runs. Those of asking git are in `git/faults.ts`. */
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
      'Set artifacts: none, and hand on the folder bundles-directory another way (actions/upload-artifact@v3 works there).',
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
  'rerun-file-changed': faultRow<Rerun & { file: string }>({
    kind: 'usage',
    message: (details) => rerunMessage(details, `, and ${details.file} has changed on ${details.branch} since`),
    remedy: rerunRemedy,
    example: { ...exampleRerun(), file: 'fleet/devices.yaml' },
  }),
  'rerun-too-many-changed': faultRow<Rerun>({
    kind: 'usage',
    message: (details) =>
      rerunMessage(
        details,
        `, and so many files have changed on ${details.branch} since that GitHub does not name them all`,
      ),
    remedy: rerunRemedy,
    example: exampleRerun(),
  }),
  'rerun-off-branch': faultRow<Rerun>({
    kind: 'usage',
    message: (details) => rerunMessage(details, `, which is not on ${details.branch} any more`),
    remedy: rerunRemedy,
    example: exampleRerun(),
  }),
};

export const githubFault = faultsOf(githubFaults);

/** A re-run that must not apply its commit. */
interface Rerun {
  readonly branch: string;
  /** The commit that is checked out. */
  readonly commit: string;
  /** The commit whose run may apply instead; undefined if GitHub names none. */
  readonly newer: string | undefined;
}

function rerunMessage({ commit, newer }: Rerun, what: string): string {
  const by = newer === undefined ? '' : ` (${shortCommit(newer)})`;
  return `this is a re-run at ${shortCommit(commit)}${what}${by}: to apply it would take the hub back`;
}

function rerunRemedy({ branch, newer }: Rerun): string {
  const of = newer === undefined ? 'the newest commit' : `commit ${shortCommit(newer)}`;
  return `Re-run the job of ${of} instead, or of a later one. To go back on purpose, revert the commit on ${branch}.`;
}

function exampleRerun(): Rerun {
  return {
    branch: 'main',
    commit: mainCommit,
    newer: 'fedcba9876543210fedcba9876543210fedcba98',
  };
}
