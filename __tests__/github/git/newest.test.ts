import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { newestAt } from '../../../src/github/git/newest.ts';
import { faultOf } from '../../support/fault.ts';
import { git, repositoryWith } from '../../support/git.ts';
import { githubToken } from '../../support/github-api.ts';
import { describeNeeding } from '../../support/needing.ts';

describeNeeding(['git'], 'the newest commit, fetched from a server that wants the token', () => {
  it('is fetched by the token alone, beside the settings that the machine has in its environment', async () => {
    const { url, commit, asked } = await servedByHttp();
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'http.userAgent');
    vi.stubEnv('GIT_CONFIG_VALUE_0', 'fleet/1');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const newest = await newestAt({ url, token: githubToken }, 'refs/heads/main', 'c0ffee');
    expect(newest).toMatchObject({ kind: 'other', commit });
    expect(newest.kind === 'other' && [...newest.files.keys()]).toEqual(['fleet/a.yaml']);
    expect(await newestAt({ url, token: githubToken }, 'refs/heads/main', commit)).toEqual({ kind: 'same' });
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([basic(githubToken)]));
    expect(new Set(asked.map((headers) => headers['user-agent']))).toEqual(new Set(['fleet/1']));
  });

  it('knows the commit of a tag, also of one that has a message', async () => {
    const folder = repositoryWith({ 'fleet/a.yaml': '' });
    git(folder, 'tag', 'plain');
    git(folder, 'tag', '-m', 'one', 'annotated');
    const head = git(folder, 'rev-parse', 'HEAD').trim();
    for (const tag of ['plain', 'annotated']) {
      expect(await newestAt({ url: `file://${folder}`, token: '' }, `refs/tags/${tag}`, head)).toEqual({
        kind: 'same',
      });
    }
  });

  it.each(['', 'ghs_of_another_repository'])(
    'is not fetched with the token %j, and the fault does not show it',
    async (token) => {
      const { url } = await servedByHttp();
      const fault = await faultOf(newestAt({ url, token }, 'refs/heads/main', 'c0ffee'));
      expect(fault.message).toMatch(/^git ls-remote ended with 128: fatal: /);
      if (token !== '') expect(`${fault.message}${fault.remedy}`).not.toContain(token);
    },
  );
});

function basic(token: string): string {
  return `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
}

/** Serves a repository of one commit by git's own http-backend (https://git-scm.com/docs/git-http-backend), as GitHub does. */
async function servedByHttp() {
  const folder = repositoryWith({ 'fleet/a.yaml': 'devices: []\n' });
  git(folder, 'config', 'uploadpack.allowFilter', 'true');
  const asked: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    const { authorization, 'content-type': type = '', 'git-protocol': protocol } = request.headers;
    asked.push(request.headers);
    if (authorization !== basic(githubToken)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '', 'http://server');
    const env = {
      ...{ PATH: process.env.PATH, GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: '1', CONTENT_TYPE: type },
      ...{ REQUEST_METHOD: request.method, PATH_INFO: pathname.replace('/octo/fleet', '/.git') },
      ...{ QUERY_STRING: search.slice(1), GIT_PROTOCOL: String(protocol ?? '') },
      ...{ HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? '') },
    };
    const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    request.pipe(backend.stdin);
    const parts: Buffer[] = [];
    backend.stdout.on('data', (part: Buffer) => parts.push(part));
    backend.stdout.on('end', () => {
      const answer = Buffer.concat(parts);
      const end = answer.indexOf('\r\n\r\n');
      const headers = answer.toString('latin1', 0, end).split('\r\n');
      for (const line of headers) response.setHeader(line.split(': ')[0]!, line.split(': ')[1]!);
      response.end(answer.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}/octo/fleet`, commit: git(folder, 'rev-parse', 'HEAD').trim(), asked };
}
