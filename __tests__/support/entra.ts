import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Authority } from '../../src/emulator/disk/authority.ts';

export const clientId = '11111111-2222-3333-4444-555555555555';
export const tenantId = '99999999-8888-7777-6666-555555555555';

export interface EntraOptions {
  readonly authority: Authority;
  /** The access token for a valid exchange, and its lifetime in seconds. */
  readonly token: () => { readonly token: string; readonly seconds: number };
  /** The subjects of the federated credentials. */
  readonly subjects?: readonly string[];
  /** Refuses every exchange with this text: `AADSTS700016: Application with identifier …`. */
  readonly refusal?: string;
  /** Answers with this HTML page, as a proxy does. */
  readonly page?: string;
}

export interface Entra {
  /** The URL for AZURE_AUTHORITY_HOST. */
  readonly url: string;
  /** The assertions that were exchanged. */
  readonly exchanged: readonly string[];
  /** The paths that were asked for. */
  readonly asked: readonly string[];
}

const issuer = 'https://token.actions.githubusercontent.com';
export const subject = 'repo:octo/fleet:ref:refs/heads/main';
const audience = 'api://AzureADTokenExchange';

/**
 * Entra's discovery and token endpoints on this machine, until the test ends. It accepts an ID token once, with the
 * right issuer, audience and subject, for the right application and scope. Otherwise it refuses in Entra's words.
 */
export async function startEntra(options: EntraOptions): Promise<Entra> {
  const { cert, key } = { cert: options.authority.server, key: options.authority.server };
  const exchanged: string[] = [];
  const asked: string[] = [];
  const server = createServer({ cert, key }, async (request, response) => {
    asked.push(request.url ?? '');
    const base = `https://${request.headers.host}/${tenantId}`;
    if (options.page !== undefined) return response.writeHead(403, { 'content-type': 'text/html' }).end(options.page);
    if (request.url?.startsWith(`/${tenantId}/v2.0/.well-known/openid-configuration`)) {
      return send(response, 200, {
        issuer: `${base}/v2.0`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      });
    }
    if (!request.url?.startsWith(`/${tenantId}/oauth2/v2.0/token`)) return response.writeHead(404).end();
    const form = new URLSearchParams(await text(request));
    const assertion = form.get('client_assertion') ?? '';
    const refusal = options.refusal ?? refusalOf(form, claimsOf(assertion), exchanged, options.subjects ?? [subject]);
    if (refusal !== undefined) {
      return send(response, 401, {
        error: 'invalid_client',
        error_description: `${refusal} Trace ID: ${randomUUID()} Correlation ID: ${randomUUID()} Timestamp: 2026-11-23 12:00:00Z`,
        error_codes: [Number(/\d+/.exec(refusal)?.[0])],
        correlation_id: randomUUID(),
      });
    }
    exchanged.push(assertion);
    const { token, seconds } = options.token();
    return send(response, 200, {
      token_type: 'Bearer',
      expires_in: seconds,
      ext_expires_in: seconds,
      access_token: token,
    });
  });
  return { url: `https://localhost:${await listen(server)}`, exchanged, asked };
}

function refusalOf(
  form: URLSearchParams,
  claims: Readonly<Record<string, unknown>>,
  exchanged: readonly string[],
  subjects: readonly string[],
): string | undefined {
  const record = 'No matching federated identity record found for presented assertion';
  const advice =
    'Check your federated identity credential Subject, Audience and Issuer against the presented assertion.';
  if (form.get('grant_type') !== 'client_credentials') return 'AADSTS70003: The grant is not supported.';
  if (form.get('scope')?.split(' ')[0] !== 'https://iothubs.azure.net/.default')
    return 'AADSTS500011: No such resource.';
  if (form.get('client_id') !== clientId) return 'AADSTS700016: Application was not found in the directory.';
  if (claims.iss !== issuer) return `AADSTS700211: ${record} issuer '${claims.iss}'. ${advice}`;
  if (claims.aud !== audience) return `AADSTS700212: ${record} audience '${claims.aud}'. ${advice}`;
  if (!subjects.some((known) => known === claims.sub))
    return `AADSTS700213: ${record} subject '${claims.sub}'. ${advice}`;
  if (exchanged.includes(form.get('client_assertion') ?? '')) return 'AADSTS700024: The assertion was used before.';
  return undefined;
}

export interface GitHubTokens {
  /** The variables that a runner has with `id-token: write`. */
  readonly env: Readonly<Record<'ACTIONS_ID_TOKEN_REQUEST_URL' | 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', string>>;
  readonly issued: readonly string[];
}

/**
 * GitHub's endpoint for ID tokens on this machine, until the test ends. With a `status` other than 200 it gives no
 * token.
 */
export async function startGitHubTokens(claims: object = {}, status = 200): Promise<GitHubTokens> {
  const requestToken = randomUUID();
  const issued: string[] = [];
  const server = createHttpServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (request.headers.authorization !== `Bearer ${requestToken}`) return send(response, 401, {});
    if (status !== 200) return send(response, status, { message: 'not today' });
    const token = idToken({ aud: url.searchParams.get('audience'), ...claims });
    issued.push(token);
    return send(response, 200, { count: token.length, value: token });
  });
  const url = `http://localhost:${await listen(server)}/idtoken?api-version=2.0`;
  return { env: { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken }, issued };
}

/** An ID token like GitHub's, but without a valid signature. */
export function idToken(claims: object = {}): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = { jti: randomUUID(), iss: issuer, sub: subject, aud: audience, ...claims };
  return `${encoded({ typ: 'JWT', alg: 'RS256', kid: randomUUID() })}.${encoded(payload)}.${encoded([randomUUID()])}`;
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}');
}

function send(response: ServerResponse, status: number, body: object) {
  return response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
