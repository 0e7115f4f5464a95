import type { OutgoingHttpHeaders } from 'node:http';
import type { RestApiClient } from 'azure-iothub/dist/common-http/rest_api_client.js';
import type { DeviceId, JsonObject } from '../../model/fleet.ts';
import { withoutPort } from '../../model/hub-name.ts';
import { type EntraCredential, type HubCredential, hubScope, type SasCredential } from '../credential.ts';
import { pageSize } from '../reading.ts';
import { type Http, HttpResponse } from './http.ts';
import { type Reply, refusedReply, unansweredReply } from './reply.ts';
import type { bulkEntry } from './wire.ts';

type BulkEntry = ReturnType<typeof bulkEntry>;

/**
 * The calls of the service that we make. None of them retries. They reject only with the `Fault` of a refused sign-in.
 */
export interface HubCalls {
  device(id: DeviceId): Promise<Reply>;
  statistics(): Promise<Reply>;
  /** One page of a query. `continuation` comes from the page before. */
  query(text: string, continuation?: string): Promise<Reply>;
  create(devices: readonly BulkEntry[]): Promise<Reply>;
  update(devices: readonly BulkEntry[]): Promise<Reply>;
  delete(devices: readonly BulkEntry[]): Promise<Reply>;
  twin(id: DeviceId): Promise<Reply>;
  patchTwin(id: DeviceId, patch: { readonly tags: JsonObject }, etag: string): Promise<Reply>;
  createJob(job: JobRequest): Promise<Reply>;
  jobs(): Promise<Reply>;
  job(id: string): Promise<Reply>;
  cancelJob(id: string): Promise<Reply>;
}

/** https://learn.microsoft.com/rest/api/iothub/service/jobs/create-import-export-job */
export interface JobRequest {
  readonly type: 'import';
  /** Includes the signature, if the container has one. It is a secret. */
  readonly inputBlobContainerUri: string;
  readonly outputBlobContainerUri: string;
  readonly inputBlobName: string;
  readonly storageAuthenticationType: 'keyBased' | 'identityBased';
}

/** How long a token of a shared access policy lives, and the rest of its life from which the next one is made. */
const tokenSeconds = 3600;
const renewSeconds = 1800;

export interface SdkOptions {
  readonly userAgent: string;
  /** Milliseconds since 1970, for the expiry of tokens. */
  readonly clock: () => number;
  /** Gets the signature of each token before it is used. */
  readonly mask: (secret: string) => void;
}

/**
 * Opens the service's SDK on top of our HTTP. The SDK does the wire format and the tokens; we do connections, time
 * limits and proxies. The SDK is loaded here because that takes about 35 ms.
 */
export async function openSdk(
  credential: HubCredential,
  http: Http,
  { userAgent, clock, mask }: SdkOptions,
): Promise<HubCalls> {
  const [{ Registry }, { RestApiClient }, { Http: SdkHttp }, { versionQueryString }] = await Promise.all([
    import('azure-iothub/dist/registry.js'),
    import('azure-iothub/dist/common-http/rest_api_client.js'),
    import('azure-iothub/dist/common-http/http.js'),
    import('azure-iothub/dist/version.js'),
  ]);
  const { config, renew } = await (credential.kind === 'sas'
    ? signing(credential, { clock, mask })
    : bearing(credential));
  const client = new RestApiClient(config, userAgent, Object.assign(new SdkHttp(), sdkTransport(http)));
  const registry = new Registry(config, client);

  const call = async (send: () => Promise<{ readonly body: unknown; readonly response: unknown }>): Promise<Reply> => {
    // Before every call, since a run may last longer than a token. Outside of `try`, since a refused sign-in is not an
    // answer of the hub.
    await renew(client);
    try {
      const { body, response } = await send();
      const continuation = response instanceof HttpResponse ? response.headers['x-ms-continuation'] : undefined;
      const more = typeof continuation === 'string' && continuation !== '' ? { continuation } : {};
      return { kind: 'answered', body, ...more };
    } catch (thrown) {
      const response = responseOf(thrown);
      return response === undefined ? unansweredReply(thrown) : refusedReply(response);
    }
  };
  return {
    device: (id) => call(async () => ofRegistry(await registry.get(id))),
    statistics: () => call(async () => ofRegistry(await registry.getRegistryStatistics())),
    create: (devices) => call(async () => ofRegistry(await registry.addDevices([...devices]))),
    update: (devices) => call(async () => ofRegistry(await registry.updateDevices([...devices], false))),
    delete: (devices) => call(async () => ofRegistry(await registry.removeDevices([...devices], false))),
    twin: (id) => call(async () => ofRegistry(await registry.getTwin(id))),
    patchTwin: (id, patch, etag) => call(async () => ofRegistry(await registry.updateTwin(id, patch, etag))),
    // The SDK's own method does not support inputBlobName.
    createJob: (job) =>
      call(() => {
        return new Promise((resolve, reject) => {
          const headers = { 'Content-Type': 'application/json; charset=utf-8' };
          client.executeApiCall(
            'POST',
            `/jobs/create${versionQueryString()}`,
            headers,
            job,
            (error, body, response) => {
              if (error) reject(error);
              else resolve({ body, response });
            },
          );
        });
      }),
    jobs: () => call(async () => ofRegistry(await registry.listJobs())),
    job: (id) => call(async () => ({ body: await registry.getJob(encodeURIComponent(id)), response: undefined })),
    cancelJob: (id) =>
      call(async () => ({ body: await registry.cancelJob(encodeURIComponent(id)), response: undefined })),
    query: (text, continuation) =>
      call(async () => {
        const query = registry.createQuery(text, pageSize);
        // Without an argument, `next` starts again at the first page.
        const page = await (continuation === undefined ? query.next() : query.next(continuation));
        return { body: page.result, response: page.message };
      }),
  };
}

/** What the SDK signs in with, and how it is renewed. */
interface Signing {
  readonly config: RestApiClient.TransportConfig & { readonly host: string };
  readonly renew: (client: RestApiClient) => Promise<void>;
}

async function signing(
  { host, keyName, key }: SasCredential,
  { clock, mask }: Pick<SdkOptions, 'clock' | 'mask'>,
): Promise<Signing> {
  const signature = await import('azure-iothub/dist/shared_access_signature.js');
  const seconds = () => Math.ceil(clock() / 1000);
  let expiry = seconds() + tokenSeconds;
  // A token names the hub without its port, as the service does.
  const token = signature.create(withoutPort(host), keyName, key, expiry);
  const masked = (text: string) => {
    const [, signed] = /\bsig=([^&]+)/.exec(text) ?? [];
    if (signed !== undefined) mask(decodeURIComponent(signed));
    return text;
  };
  return {
    config: { host, sharedAccessSignature: masked(token.toString()) },
    renew: async (client) => {
      // Each token is one more secret for the runner to look for, so a token serves many calls.
      if (expiry - seconds() >= renewSeconds) return;
      expiry = seconds() + tokenSeconds;
      client.updateSharedAccessSignature(masked(token.extend(expiry)));
    },
  };
}

async function bearing({ host, token }: EntraCredential): Promise<Signing> {
  let current = '';
  // The SDK caches a token until 9 minutes before its end, by its own clock. It does not cache a token that has
  // expired.
  const getToken = async () => ({ token: current, expiresOnTimestamp: 0 });
  return {
    config: { host, tokenCredential: { getToken }, tokenScope: hubScope },
    renew: async () => {
      current = await token();
    },
  };
}

function ofRegistry(result: { readonly responseBody: unknown; readonly httpResponse?: unknown }) {
  return { body: result.responseBody, response: result.httpResponse };
}

/** For statuses of 300 and above, the SDK's errors carry the answer. */
function responseOf(thrown: unknown): HttpResponse | undefined {
  const response = thrown instanceof Error && 'response' in thrown ? thrown.response : undefined;
  return response instanceof HttpResponse ? response : undefined;
}

type Done = (error: Error | null, body?: string, response?: HttpResponse) => void;

/** The part of the SDK's `Http` that the SDK uses, on top of our HTTP. */
function sdkTransport(http: Http) {
  return {
    buildRequest(method: string, path: string, headers: OutgoingHttpHeaders, _host: string, done: Done) {
      let body = '';
      return {
        write(text: string): void {
          body += text;
        },
        end(): void {
          http
            .send({ method, path, headers, body })
            .then((response) => {
              const error = response.statusCode >= 300 ? new Error(`status ${response.statusCode}`) : null;
              done(error, response.text, response);
            })
            // Also when the SDK throws while it reads an answer, such as a device without an id.
            .catch(done);
        },
      };
    },
    /** Ignores the SDK's own agent, which does not support proxies. */
    setOptions(): void {},
  };
}
