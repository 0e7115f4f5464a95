import { context } from '@actions/github';
import { afterEach, beforeEach, vi } from 'vitest';
import { type Behaviour, type GitHubApi, startGitHubApi } from '../support/github-api.ts';

/** A run in the repository octo/fleet, for the tests of a file. */
export interface OctoFleet {
  /** Everything that this test has printed. */
  readonly log: string;
  /** Starts GitHub's API on this machine and points the run to it. */
  apiWith(behaviour?: Behaviour): Promise<GitHubApi>;
}

/** Call it at the top of a test file. `variables` are set in the environment, as the runner does. */
export function useOctoFleet(variables: Readonly<Record<string, string>>): OctoFleet {
  let log = '';
  beforeEach(() => {
    log = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      log += chunk;
      return true;
    });
    for (const [name, value] of Object.entries({ GITHUB_REPOSITORY: 'octo/fleet', ...variables })) {
      vi.stubEnv(name, value);
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
  return {
    get log() {
      return log;
    },
    async apiWith(behaviour) {
      const api = await startGitHubApi(behaviour);
      reachAt(api.url);
      return api;
    },
  };
}

/** Points the run to an API. The context is made again, because it reads its environment only then. */
export function reachAt(url: string): void {
  vi.stubEnv('GITHUB_API_URL', url);
  Object.assign(context, Reflect.construct(context.constructor, []));
}
