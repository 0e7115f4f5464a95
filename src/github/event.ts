import { context } from '@actions/github';
import type { Finding, Place } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';

/** What triggered the run, as far as it matters. */
export interface Event {
  /** Why this run cannot have secrets, where it cannot: then a plan without credentials is no mistake. */
  readonly withoutSecrets?: string;
  /** `owner/name` of a repository that everybody can read. */
  readonly publicRepository?: string;
  /** The web page of a line. */
  readonly link: (place: Place) => string;
}

export function readEvent(): Event {
  const { eventName, payload, actor, sha, serverUrl } = context;
  const repository = process.env.GITHUB_REPOSITORY ?? '';
  const head: unknown = payload.pull_request?.head?.repo?.full_name;
  const excuse =
    actor === 'dependabot[bot]'
      ? 'runs that Dependabot starts have no secrets'
      : payload.pull_request !== undefined && head !== repository && eventName !== 'pull_request_target'
        ? 'pull requests from forks have no secrets'
        : undefined;
  return {
    ...(excuse === undefined ? {} : { withoutSecrets: excuse }),
    ...(payload.repository?.private === false ? { publicRepository: repository } : {}),
    link: ({ file, line }) => {
      const path = file.split('/').map(encodeURIComponent).join('/');
      return `${serverUrl}/${repository}/blob/${sha}/${path}?plain=1#L${line}`;
    },
  };
}

/** runner/public-repository, where bundles are about to be published. */
export function publicityFindings({ publicRepository: repository }: Event): readonly Finding[] {
  return repository === undefined ? [] : [finding('runner/public-repository', { repository }, {})];
}
