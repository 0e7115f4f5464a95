import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Authority } from '../../src/emulator/disk/authority.ts';

export interface StoredIssue {
  readonly number: number;
  readonly title: string;
  body: string | null;
  state: 'open' | 'closed';
  readonly user: { readonly login: string; readonly type: 'User' | 'Bot' } | null;
  readonly pull_request?: object;
}

export interface StoredComment {
  readonly id: number;
  /** The number of its issue or pull request. */
  readonly issue: number;
  body: string;
  readonly user: StoredIssue['user'];
}

export interface GitHubApi {
  /** The URL of the REST API, for GITHUB_API_URL. */
  readonly url: string;
  readonly issues: StoredIssue[];
  readonly comments: StoredComment[];
  /** Returns the bodies of the comments of an issue or pull request. */
  commentsOn(issue: number): readonly string[];
  /** The files of releases, by tag and then by name. */
  readonly releases: Map<string, Map<string, Buffer>>;
  /** Every call so far: `GET /repos/octo/fleet/issues?page=2`. */
  readonly calls: string[];
}

export interface Behaviour {
  readonly issues?: readonly StoredIssue[];
  readonly comments?: readonly StoredComment[];
  /** The tags that have a release at first. */
  readonly releases?: readonly string[];
  /** The account of the token; `github-actions[bot]` if absent. If null, the question for it is refused. */
  readonly viewer?: string | null;
  /** The answers to other calls, by call: `GET /repos/octo/fleet/commits`. */
  readonly others?: Readonly<Record<string, unknown>>;
  /** Returns an answer in place of the usual one, `silence` for no answer, or undefined for the usual one. */
  readonly instead?: (call: string) => { readonly status: number; readonly message: string } | 'silence' | undefined;
  /** If present, the API uses TLS with its certificate, as the GitHub CLI requires. */
  readonly authority?: Authority;
}

const repository = '/repos/octo/fleet';
export const githubToken = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * Starts GitHub's API to octo/fleet on this machine until the test ends: issues, comments and the files of releases.
 */
export async function startGitHubApi(behaviour: Behaviour = {}): Promise<GitHubApi> {
  const { viewer = 'github-actions[bot]', authority } = behaviour;
  const issues = (behaviour.issues ?? []).map((issue) => ({ ...issue }));
  const comments = (behaviour.comments ?? []).map((comment) => ({ ...comment }));
  const releases = new Map((behaviour.releases ?? []).map((tag) => [tag, new Map<string, Buffer>()]));
  const calls: string[] = [];
  const user = { login: viewer ?? 'nobody', type: 'Bot' as const };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const origin = `${authority === undefined ? 'http' : 'https'}://${request.headers.host}`;
    const { pathname, searchParams: query } = new URL(request.url ?? '', origin);
    const path = pathname.replace(/^\/api(\/v3|\/uploads)?/, '');
    const call = `${request.method} ${path}`;
    const page = query.get('page');
    calls.push(page === null ? call : `${call}?page=${page}`);
    const bytes = await buffer(request);
    const other = behaviour.instead?.(call);
    if (other === 'silence') return response;
    if (other !== undefined) return answer(response, other.status, { message: other.message });
    if (request.headers.authorization !== `token ${githubToken}`)
      return answer(response, 401, { message: 'Bad credentials' });

    const known = behaviour.others?.[call];
    if (known !== undefined) return answer(response, 200, known);
    if (call === 'POST /graphql') {
      // The GitHub CLI also looks among drafts, and accepts only the fields that it has asked for.
      if (viewer === null) return answer(response, 200, { errors: [{ message: 'refused' }] });
      const asksForRelease = String(parsed(bytes).query).includes('release(');
      const data = asksForRelease ? { repository: { release: null } } : { viewer: { login: viewer } };
      return answer(response, 200, { data });
    }
    if (call === `GET ${repository}/issues`) {
      const open = issues.filter(({ state }) => state === 'open').reverse();
      return list(response, open, query, origin + pathname);
    }
    if (call === `POST ${repository}/issues`) {
      const { title, body } = parsed(bytes);
      const number = issues.length + 1;
      issues.push({ number, title: String(title), body: String(body), state: 'open', user });
      return answer(response, 201, issues.at(-1));
    }
    const [, issue, ofIssue] = /^\/repos\/octo\/fleet\/issues\/(\d+)(\/comments)?$/.exec(path) ?? [];
    if (issue !== undefined && ofIssue === undefined && request.method === 'PATCH') {
      const found = issues.find(({ number }) => number === Number(issue));
      return answer(response, found === undefined ? 404 : 200, Object.assign(found ?? {}, parsed(bytes)));
    }
    if (issue !== undefined && ofIssue !== undefined) {
      if (request.method === 'POST') {
        comments.push({ id: comments.length + 1, issue: Number(issue), body: String(parsed(bytes).body), user });
        return answer(response, 201, comments.at(-1));
      }
      const thread = comments.filter((one) => one.issue === Number(issue));
      return list(response, thread, query, origin + pathname);
    }
    const [, comment] = /^\/repos\/octo\/fleet\/issues\/comments\/(\d+)$/.exec(path) ?? [];
    if (comment !== undefined) {
      const edited = comments.find(({ id }) => id === Number(comment));
      return answer(response, edited === undefined ? 404 : 200, Object.assign(edited ?? {}, parsed(bytes)));
    }
    return ofReleases(call, { releases, query, bytes, api: `${origin}/api` }, response);
  };

  const server =
    authority === undefined
      ? createHttpServer(handle)
      : createServer({ cert: authority.server, key: authority.server }, handle);
  const url = `${authority === undefined ? 'http' : 'https'}://localhost:${await listen(server)}`;
  const commentsOn = (issue: number) => comments.filter((one) => one.issue === issue).map(({ body }) => body);
  return { url, issues, comments, commentsOn, releases, calls };
}

interface OfReleases {
  readonly releases: Map<string, Map<string, Buffer>>;
  readonly query: URLSearchParams;
  readonly bytes: Buffer;
  readonly api: string;
}

/**
 * Answers as https://docs.github.com/rest/releases/assets describes. A second upload of a name is refused. Special
 * characters in names become dots.
 */
function ofReleases(
  call: string,
  { releases, query, bytes, api }: OfReleases,
  response: ServerResponse,
): ServerResponse {
  const [, tag = ''] = /^GET \/repos\/octo\/fleet\/releases\/tags\/(.+)$/.exec(call) ?? [];
  const asset = (tag: string, name: string) => ({ name, url: `${api}/v3${repository}/releases/${tag}/assets/${name}` });
  const found = releases.get(tag);
  if (found !== undefined) {
    return answer(response, 200, {
      id: 1,
      tag_name: tag,
      url: `${api}/v3${repository}/releases/${tag}`,
      upload_url: `${api}/uploads${repository}/releases/${tag}/assets{?name,label}`,
      assets: [...found.keys()].map((name) => asset(tag, name)),
    });
  }
  const [, method, of = '', name = ''] =
    /^(\w+) \/repos\/octo\/fleet\/releases\/([^/]+)\/assets(?:\/(.+))?$/.exec(call) ?? [];
  const files = releases.get(of);
  if (method === 'DELETE' && files?.delete(name)) return response.writeHead(204).end();
  if (method === 'POST' && files !== undefined) {
    const stored = (query.get('name') ?? '').replace(/[^\w.-]/g, '.');
    if (files.has(stored)) return answer(response, 422, { message: 'already_exists' });
    files.set(stored, bytes);
    return answer(response, 201, asset(of, stored));
  }
  return answer(response, 404, { message: 'Not Found' });
}

function list(
  response: ServerResponse,
  stored: readonly object[],
  query: URLSearchParams,
  url: string,
): ServerResponse {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const page = Number(query.get('page') ?? 1);
  if (page * size < stored.length) {
    response.setHeader('Link', `<${url}?per_page=${size}&page=${page + 1}>; rel="next"`);
  }
  return answer(response, 200, stored.slice((page - 1) * size, page * size));
}

function answer(response: ServerResponse, status: number, body: unknown): ServerResponse {
  return response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
}

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
