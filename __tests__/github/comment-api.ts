import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface StoredComment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string; readonly type: 'User' | 'Bot' } | null;
}

export interface CommentApi {
  readonly url: string;
  readonly comments: StoredComment[];
  /** `GET /repos/octo/fleet/issues/7/comments?page=2`, one for each call. */
  readonly calls: string[];
}

export interface Behaviour {
  readonly comments?: readonly StoredComment[];
  /** Who the token is; absent: the question is refused. */
  readonly viewer?: string;
  /** An answer in place of the usual one. */
  readonly instead?: (call: string) => { readonly status: number; readonly message: string } | 'silence' | undefined;
}

const token = 'token ghs_0123456789';
const thread = '/repos/octo/fleet/issues/7/comments';

/** The part of GitHub's interface that holds the comments of pull request 7 of octo/fleet, as documented: 100 a page at most. */
export async function commentApi({ comments = [], viewer, instead }: Behaviour = {}): Promise<CommentApi> {
  const stored = comments.map((comment) => ({ ...comment }));
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://github.example');
    const call = `${request.method} ${pathname}`;
    calls.push(searchParams.has('page') ? `${call}?page=${searchParams.get('page')}` : call);
    const body = await read(request);
    const other = instead?.(call);
    if (other === 'silence') return;
    if (request.headers.authorization !== token) return answer(response, 401, { message: 'Bad credentials' });
    if (other !== undefined) return answer(response, other.status, { message: other.message });
    if (call === `GET ${thread}`)
      return list(response, stored, searchParams, `http://${request.headers.host}${thread}`);
    if (call === 'POST /graphql') {
      return viewer === undefined
        ? answer(response, 200, { errors: [{ message: 'refused' }] })
        : answer(response, 200, { data: { viewer: { login: viewer } } });
    }
    if (call === `POST ${thread}`) {
      const created = { id: stored.length + 1, body: body.body, user: { login: `${viewer}`, type: 'Bot' as const } };
      stored.push(created);
      return answer(response, 201, created);
    }
    const edited = stored.find(({ id }) => call === `PATCH /repos/octo/fleet/issues/comments/${id}`);
    if (edited === undefined) return answer(response, 404, { message: 'Not Found' });
    edited.body = body.body;
    return answer(response, 200, edited);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, comments: stored, calls };
}

function list(response: ServerResponse, stored: readonly StoredComment[], query: URLSearchParams, url: string): void {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const page = Number(query.get('page') ?? 1);
  if (page * size < stored.length) {
    response.setHeader('Link', `<${url}?per_page=${size}&page=${page + 1}>; rel="next"`);
  }
  answer(response, 200, stored.slice((page - 1) * size, page * size));
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<{ body: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? { body: '' } : JSON.parse(text);
}
