import { httpFailure } from './http.ts';
import { waitingLines } from './waiting.ts';

/** What limits the calls of an Azure client. */
export interface PatienceOptions {
  /** Limits one try, in milliseconds. */
  readonly tryTimeoutMs: number;
  /** How often the client tries a call. */
  readonly most: number;
  /** Gets a sentence about what the run waits for. */
  readonly waiting?: ((text: string) => void) | undefined;
}

/** The part of a request of an Azure client that its limits need. The tries of a request share its id. */
interface LimitedRequest {
  readonly url: string;
  readonly requestId: string;
  timeout: number;
  abortSignal?: { readonly aborted: boolean } | undefined;
}

/**
 * Limits each try of the requests of an Azure client, which by itself waits for ever. A try that gets no answer fails in a
 * way that the client takes for a passing one, so that it tries again.
 */
export function patience({ tryTimeoutMs, most, waiting = () => {} }: PatienceOptions) {
  const failed = new Map<string, number>();
  return async <Response>(request: LimitedRequest, send: () => Promise<Response>): Promise<Response> => {
    request.timeout = tryTimeoutMs;
    try {
      return await send();
    } catch (thrown) {
      if (!isTimeout(thrown) || request.abortSignal?.aborted === true) throw thrown;
      const { host } = new URL(request.url);
      const tries = (failed.get(request.requestId) ?? 0) + 1;
      failed.set(request.requestId, tries);
      const again = tries < most ? { again: { next: tries + 1, most } } : {};
      waiting(waitingLines['no-answer']({ host, seconds: tryTimeoutMs / 1000, ...again }));
      throw unheard(tryTimeoutMs, thrown);
    }
  };
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

/** The clients try again after an error of this name and code. */
function unheard(milliseconds: number, cause: unknown): Error {
  const { message } = httpFailure.timeout(milliseconds);
  return Object.assign(new Error(message, { cause }), { name: 'RestError', code: 'ETIMEDOUT' });
}
