import { context } from '@actions/github';
import type { Finding, Place } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';
import { githubLines } from './lines.ts';

/** The event that triggered the run, as far as this action uses it. */
export interface Event {
  /**
   * Why this run has no secrets; absent if it can have them. Without secrets, a plan without credentials is not a
   * mistake.
   */
  readonly withoutSecrets?: string;
  /** `owner/name` of a public repository; absent if it is private. */
  readonly publicRepository?: string;
  /**
   * Returns the web page of a line. On a pull request it is of the head commit, because the trial merge is soon
   * deleted.
   */
  readonly link: (place: Place) => string;
  /** The web page of the run. */
  readonly run: string;
  /**
   * The number of the pull request that the run is about, if the token can write: on a pull request of a fork it
   * cannot.
   */
  readonly pullRequest?: number;
  /**
   * The branch that the run is about, if it is not the default branch. Only the default branch says what is no longer
   * declared.
   */
  readonly otherBranch?: { readonly branch: string; readonly defaultBranch: string };
  /** Absent on a pull request, whose ref is GitHub's trial merge. */
  readonly ref?: EventRef;
  /** The commit that the run is about; on a pull request, the trial merge. */
  readonly commit: string;
  /** The commit that the pull request would be merged into; absent outside of pull requests. */
  readonly base?: string;
  /**
   * The commit before: the base of a pull request or of a merge group, or the commit that the branch had before a push. Absent for
   * other events and for the first push of a branch.
   */
  readonly before?: string;
  /**
   * The web page of docs/rules.md at the version of this action; absent if the action runs from the caller's checkout.
   */
  readonly rulesPage?: string;
}

/** The branch or the tag of an event. The run keeps its commit while it waits, and the branch may go on meanwhile. */
export interface EventRef {
  /** `refs/heads/main` */
  readonly ref: string;
  /** Whether somebody has started the run again. */
  readonly isRerun: boolean;
  /** GitHub's address: `https://github.com`. */
  readonly server: string;
  /** `owner/name` */
  readonly repository: string;
}

export function readEvent(): Event {
  const { eventName, payload, actor, serverUrl, runId } = context;
  const { GITHUB_REPOSITORY: repository = '', GITHUB_ACTION_REPOSITORY: action, GITHUB_ACTION_REF: ref } = process.env;
  const head: unknown = payload.pull_request?.head?.repo?.full_name;
  const excuse =
    actor === 'dependabot[bot]'
      ? githubLines['dependabot-without-secrets']()
      : payload.pull_request !== undefined && head !== repository && eventName !== 'pull_request_target'
        ? githubLines['fork-without-secrets']()
        : undefined;
  const { GITHUB_RUN_ATTEMPT: attempt, GITHUB_REF: pushed = '' } = process.env;
  const ours = eventName === 'pull_request' && head === repository;
  const other = otherBranch();
  const number: unknown = payload.pull_request?.number;
  const sha: unknown = payload.pull_request?.head?.sha ?? context.sha;
  const base: unknown = payload.pull_request?.base?.sha;
  const before = commitBefore(base);
  return {
    ...(excuse === undefined ? {} : { withoutSecrets: excuse }),
    ...(payload.repository?.private === false ? { publicRepository: repository } : {}),
    link: ({ file, line }) => {
      const path = file.split('/').map(encodeURIComponent).join('/');
      return `${serverUrl}/${repository}/blob/${sha}/${path}?plain=1#L${line}`;
    },
    commit: context.sha,
    run: `${serverUrl}/${repository}/actions/runs/${runId}`,
    ...(/^refs\/(heads|tags)\/./.test(pushed)
      ? { ref: { ref: pushed, isRerun: Number(attempt) > 1, server: serverUrl, repository } }
      : {}),
    ...(ours && typeof number === 'number' ? { pullRequest: number } : {}),
    ...(other === undefined ? {} : { otherBranch: other }),
    ...(eventName === 'pull_request' && typeof base === 'string' ? { base } : {}),
    ...(before === undefined ? {} : { before }),
    ...(action && ref ? { rulesPage: `${serverUrl}/${action}/blob/${ref}/docs/rules.md` } : {}),
  };
}

function commitBefore(base: unknown): string | undefined {
  const { eventName, payload } = context;
  const named: Readonly<Record<string, unknown>> = {
    pull_request: base,
    merge_group: payload.merge_group?.base_sha,
    push: payload.before,
  };
  const commit = named[eventName];
  // The first push of a branch names the commit of zeros.
  return typeof commit === 'string' && /[^0]/.test(commit) ? commit : undefined;
}

function otherBranch(): Event['otherBranch'] {
  const { eventName, payload } = context;
  // A schedule runs only on the default branch, and its event does not name it.
  if (eventName === 'schedule') return undefined;
  const defaultBranch: unknown = payload.repository?.default_branch;
  const target: unknown = payload.pull_request?.base?.ref;
  const branch = typeof target === 'string' ? target : (process.env.GITHUB_REF ?? '').replace(/^refs\/heads\//, '');
  return branch === defaultBranch ? undefined : { branch, defaultBranch: String(defaultBranch) };
}

/**
 * Returns the finding `runner/public-repository` if everybody can read the repository. Ask only when bundles are
 * published.
 */
export function publicityFindings({ publicRepository: repository }: Event): readonly Finding[] {
  return repository === undefined ? [] : [finding('runner/public-repository', { repository }, {})];
}
