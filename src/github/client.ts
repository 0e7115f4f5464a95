import type { getOctokit } from '@actions/github';

/** A client of GitHub's API that acts with the token of an input. */
export type Client = ReturnType<typeof getOctokit>;

/** Tells whether an account is the one that the token acts as. */
export type IsOurs = (author: { readonly login: string; readonly type: string }) => boolean;

/** Milliseconds. Each call of GitHub's API is tried once and has this time to be answered. */
const patience = 10_000;

/** Loads Octokit, which takes a while, and opens a client. Call it only when there is something to write. */
export async function openClient(token: string): Promise<Client> {
  const github = await import('@actions/github');
  const client = github.getOctokit(token, { baseUrl: github.context.apiUrl });
  client.hook.before('request', (options) => {
    // Change the options in place: an inner hook gets the same object, not a value that this hook returns.
    options.request = { ...options.request, signal: AbortSignal.timeout(patience) };
  });
  return client;
}

/**
 * Asks which account the token acts as. Anybody can write a text that begins with our marker, so only texts of this
 * account count as ours. GraphQL is the only way to ask that also works with a token of GitHub Actions. If GitHub does
 * not answer, the account of GitHub Actions is assumed.
 */
export async function whoWeAre(client: Client): Promise<IsOurs> {
  const login = await client
    .graphql<{ readonly viewer: { readonly login: string } }>('query { viewer { login } }')
    .then(({ viewer }) => viewer.login)
    .catch(() => 'github-actions[bot]');
  return (author) => author.login === login || (author.type === 'Bot' && author.login === `${login}[bot]`);
}

/**
 * Tells whether the token lacks a permission. For a private repository that the token cannot read, GitHub answers 404.
 */
export function isForbidden(thrown: unknown): boolean {
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return (status === 403 || status === 404 || status === 410) && !/rate limit/i.test(String(thrown));
}
