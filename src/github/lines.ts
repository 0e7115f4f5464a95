import { shortCommit } from './git/short-commit.ts';
import { refName } from './ref-name.ts';

/** The texts of the action in the log and beside the run, except those of the report and of faults. */
export const githubLines = {
  'artifact-uploaded': ({ id, size, ...artifact }: ArtifactOf & { readonly id: number; readonly size: number }) =>
    `${artifactName(artifact)}: id ${id}, ${size} bytes`,

  'artifact-failed': ({ reason, nameTaken, ...artifact }: ArtifactFailure) =>
    `${artifactName(artifact)} was not uploaded: ${reason}${nameTaken ? `. ${oneJobUploads}` : ''}`,

  'upload-late': ({ seconds }: { readonly seconds: number }) => `GitHub has not taken it within ${seconds} s`,

  'not-tried': ({ artifact }: { readonly artifact: string }) => `not tried, since ${artifact} took too long`,

  'artifacts-shared': ({ devices, artifacts, size, first, last, mostSingle, mostOfAJob }: SharedArtifacts) =>
    `${devices} devices, more than ${mostSingle}, share ${artifacts} artifacts of up to ${size} devices each: ` +
    `${first} to ${last} (GitHub takes ${mostOfAJob} artifacts a job).`,

  'page-not-uploaded': () =>
    'The fleet report was not uploaded. The log says why. The output report-html has its path.',

  comment: ({ pullRequest, done }: { readonly pullRequest: number; readonly done: CommentDone }) =>
    `Comment on pull request #${pullRequest}: ${done}`,

  'comment-forbidden': ({ reason }: Reason) =>
    `The token may not comment on pull requests (${reason}). Give the job\n${commentPermissions}\nor set comment: never.`,

  'comment-failed': ({ reason }: Reason) =>
    `The pull request has no comment of this run: ${reason}. The summary says the same.`,

  issue: ({ title, done }: { readonly title: string; readonly done: IssueDone }) =>
    `Issue "${title}": ${issueText(done)}`,

  'newest-unknown': ({ reason, ...run }: Reason & { readonly ref: string; readonly commit: string }) =>
    `The newest commit of ${refName(run)} cannot be fetched, so nothing tells whether ${shortCommit(run.commit)} is outdated: ${reason}. ` +
    'The run goes on. The job needs git, and permissions: { contents: read }.',

  'newest-unknown-title': () => 'newest commit unknown',

  'summary-failed': ({ reason }: Reason) => `The job summary could not be written: ${reason}`,

  'no-answer': ({ seconds }: { readonly seconds: number }) => `no answer within ${seconds} s`,

  'dependabot-without-secrets': () => 'runs that Dependabot starts have no secrets',

  'fork-without-secrets': () => 'pull requests from forks have no secrets',
};

export type CommentDone = 'created' | 'updated' | 'not needed';

/** What was done with the issue, and its number. */
export type IssueDone =
  | { readonly kind: 'opened' | 'updated' | 'closed'; readonly number: number }
  | { readonly kind: 'not-needed' };

interface Reason {
  /** The text of GitHub, of its client or of the operating system. */
  readonly reason: string;
}

interface ArtifactOf {
  readonly artifact: string;
  /** The ids of its devices; none if it is not of devices. */
  readonly devices: readonly string[];
}

interface ArtifactFailure extends ArtifactOf, Reason {
  /** Whether an artifact of this name exists in the run already. */
  readonly nameTaken: boolean;
}

interface SharedArtifacts {
  readonly devices: number;
  readonly artifacts: number;
  /** The number of devices in an artifact, at most. */
  readonly size: number;
  /** The names of the first and the last artifact. */
  readonly first: string;
  readonly last: string;
  /** Up to this number of devices, each device has its own artifact. */
  readonly mostSingle: number;
  /** The number of artifacts that GitHub takes from a job. */
  readonly mostOfAJob: number;
}

function artifactName({ artifact, devices }: ArtifactOf): string {
  const [first] = devices;
  if (first === undefined) return `artifact ${artifact}`;
  const whose = devices.length === 1 ? `device "${first}"` : `${devices.length} devices from "${first}" on`;
  return `artifact ${artifact} (${whose})`;
}

const oneJobUploads =
  'A run takes each name once: let one step of one job upload, and set artifacts: none in the others';

const commentPermissions = 'permissions:\n  contents: read\n  pull-requests: write';

function issueText(done: IssueDone): string {
  switch (done.kind) {
    case 'opened':
      return `#${done.number} opened`;
    case 'updated':
      return `#${done.number} updated`;
    case 'closed':
      return `#${done.number} closed, all is well`;
    case 'not-needed':
      return 'not needed, all is well';
  }
}
