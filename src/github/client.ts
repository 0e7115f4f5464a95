import type { getOctokit } from '@actions/github';

/** GitHub's interface, by the token of an input. */
export type Client = ReturnType<typeof getOctokit>;

/** Whether an account is the one that the token acts as. */
export type IsOurs = (author: { readonly login: string; readonly type: string }) => boolean;

/** Each call of GitHub's interface is tried once, and for so long. */
const patience = 10_000;

/** Octokit takes a while to load: not before something is to be said. */
export async function openClient(token: string): Promise<Client> {
  const github = await import('@actions/github');
  const client = github.getOctokit(token, { baseUrl: github.context.apiUrl });
  client.hook.before('request', (options) => {
    // Options can only be changed in place: a hook inside of ours gets the same object, not what ours would hand on.
    options.request = { ...options.request, signal: AbortSignal.timeout(patience) };
  });
  return client;
}

/**
 * Anybody can write a text that begins with our marker; only that of the token's own account is taken for ours. GraphQL is
 * the one way to ask for it that a token of GitHub Actions has too; where it is not answered, its account is assumed.
 */
export async function whoWeAre(client: Client): Promise<IsOurs> {
  const login = await client
    .graphql<{ readonly viewer: { readonly login: string } }>('query { viewer { login } }')
    .then(({ viewer }) => viewer.login)
    .catch(() => 'github-actions[bot]');
  return (author) => author.login === login || (author.type === 'Bot' && author.login === `${login}[bot]`);
}

/** Whether GitHub says that the token may not do it. A private repository answers 404 to one that may not read it. */
export function isForbidden(thrown: unknown): boolean {
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return (status === 403 || status === 404 || status === 410) && !/rate limit/i.test(String(thrown));
}
