import { context } from '@actions/github';
import { afterEach, beforeEach, vi } from 'vitest';
import { type Behaviour, type GitHubApi, startGitHubApi } from '../support/github-api.ts';

/** A run in the repository octo/fleet, for the tests of a file. */
export interface OctoFleet {
  /** What was printed in this test. */
  readonly log: string;
  /** GitHub on this machine, where the run looks for it. */
  apiWith(behaviour?: Behaviour): Promise<GitHubApi>;
}

/** To be called where the tests of a file begin; `variables` are the runner's. */
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

/** The context reads its environment when it is made. */
export function reachAt(url: string): void {
  vi.stubEnv('GITHUB_API_URL', url);
  Object.assign(context, Reflect.construct(context.constructor, []));
}
