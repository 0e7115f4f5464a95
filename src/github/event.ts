import { context } from '@actions/github';
import type { Finding, Place } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';

/** What triggered the run, as far as it matters. */
export interface Event {
  /** Why this run cannot have secrets, where it cannot: then a plan without credentials is no mistake. */
  readonly withoutSecrets?: string;
  /** `owner/name` of a repository that everybody can read. */
  readonly publicRepository?: string;
  /** The web page of a line; of a pull request as its own commit has it, since that of the trial merge is soon gone. */
  readonly link: (place: Place) => string;
  /** The web page of the run. */
  readonly run: string;
  /** The pull request that the run is about, where its token can write: that of a fork cannot. */
  readonly pullRequest?: number;
  /** Why the run is not about the default branch, where it is not: only that says what is no longer declared. */
  readonly otherBranch?: string;
  /** The branch of a run that was started once more: the run keeps its commit, the branch may have gone on. */
  readonly rerunOn?: string;
  /** The commit that the run is about: of a pull request its trial merge. */
  readonly commit: string;
  /** The commit that the pull request would be merged into. */
  readonly base?: string;
  /** The web page of docs/rules.md of the very action that runs; unknown for an action of the caller's checkout. */
  readonly rulesPage?: string;
}

export function readEvent(): Event {
  const { eventName, payload, actor, serverUrl, runId } = context;
  const { GITHUB_REPOSITORY: repository = '', GITHUB_ACTION_REPOSITORY: action, GITHUB_ACTION_REF: ref } = process.env;
  const head: unknown = payload.pull_request?.head?.repo?.full_name;
  const excuse =
    actor === 'dependabot[bot]'
      ? 'runs that Dependabot starts have no secrets'
      : payload.pull_request !== undefined && head !== repository && eventName !== 'pull_request_target'
        ? 'pull requests from forks have no secrets'
        : undefined;
  const { GITHUB_RUN_ATTEMPT: attempt, GITHUB_REF: pushed = '' } = process.env;
  const branch = /^refs\/heads\/(.+)$/.exec(pushed)?.[1];
  const ours = eventName === 'pull_request' && head === repository;
  const other = otherBranch();
  const number: unknown = payload.pull_request?.number;
  const sha: unknown = payload.pull_request?.head?.sha ?? context.sha;
  const base: unknown = payload.pull_request?.base?.sha;
  return {
    ...(excuse === undefined ? {} : { withoutSecrets: excuse }),
    ...(payload.repository?.private === false ? { publicRepository: repository } : {}),
    link: ({ file, line }) => {
      const path = file.split('/').map(encodeURIComponent).join('/');
      return `${serverUrl}/${repository}/blob/${sha}/${path}?plain=1#L${line}`;
    },
    commit: context.sha,
    run: `${serverUrl}/${repository}/actions/runs/${runId}`,
    ...(branch !== undefined && Number(attempt) > 1 ? { rerunOn: branch } : {}),
    ...(ours && typeof number === 'number' ? { pullRequest: number } : {}),
    ...(other === undefined ? {} : { otherBranch: other }),
    ...(eventName === 'pull_request' && typeof base === 'string' ? { base } : {}),
    ...(action && ref ? { rulesPage: `${serverUrl}/${action}/blob/${ref}/docs/rules.md` } : {}),
  };
}

function otherBranch(): string | undefined {
  const { eventName, payload } = context;
  // A schedule runs on the default branch alone, and its event names none.
  if (eventName === 'schedule') return undefined;
  const branch: unknown = payload.repository?.default_branch;
  const target: unknown = payload.pull_request?.base?.ref;
  const name = typeof target === 'string' ? target : (process.env.GITHUB_REF ?? '').replace(/^refs\/heads\//, '');
  return name === branch ? undefined : `${name} is not the default branch (${branch})`;
}

/** runner/public-repository, where bundles are about to be published. */
export function publicityFindings({ publicRepository: repository }: Event): readonly Finding[] {
  return repository === undefined ? [] : [finding('runner/public-repository', { repository }, {})];
}
