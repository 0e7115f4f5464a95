import {
  AzureAuthorityHosts,
  AzureCliCredential,
  ClientAssertionCredential,
  type ClientAssertionCredentialOptions,
} from '@azure/identity';
import { messageOf } from '../../model/fault.ts';
import { openWay, type Way } from '../calls/http.ts';
import { patience } from '../calls/patience.ts';
import { cliRefusal, exchangeRefusal } from './entra-refusal.ts';
import { type EntraApplication, entraFault, type Obstacle } from './faults.ts';
import type { AccessToken } from './token.ts';

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust */
const assertionAudience = 'api://AzureADTokenExchange';

/** In milliseconds. */
const usualTimeout = 60_000;
/** The client's own number. */
const mostTries = 4;

export interface ExchangeOptions {
  /**
   * Gives a new ID token of this run for an audience. It is valid for some minutes, so every exchange needs another.
   */
  readonly idToken: (audience: string) => Promise<string>;
  /** Gets every secret before it is used. */
  readonly mask: (secret: string) => void;
  /** Certificates to trust in addition to the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** Gives the proxy for a URL, or an empty text. */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** Entra of another cloud: `https://login.microsoftonline.us`. */
  readonly authorityHost?: string | undefined;
  /** Limits one try, in milliseconds. Default: 60,000. */
  readonly tryTimeoutMs?: number | undefined;
  /** Gets a sentence about what the run waits for. */
  readonly waiting?: ((text: string) => void) | undefined;
}

/** Exchanges the run's ID token for a token of the application. Throws a `Fault` that says how to fix the trust. */
export async function exchangeIdToken(
  application: EntraApplication,
  scope: string,
  options: ExchangeOptions,
): Promise<AccessToken> {
  const { idToken, mask, ca, proxyFor, authorityHost = AzureAuthorityHosts.AzurePublicCloud } = options;
  if (!/^https:\/\//i.test(authorityHost)) {
    throw entraFault('authority-host', {});
  }
  const assertion = await idToken(assertionAudience);
  mask(assertion);
  const way = await openWay({ ca, proxy: proxyFor?.(authorityHost) });
  const { policy, obstacle } = travelling(way, options);
  // A new credential for each exchange, since it caches tokens by its own clock and would use the first assertion
  // forever.
  const credential = new ClientAssertionCredential(application.tenantId, application.clientId, async () => assertion, {
    authorityHost,
    // The workflow says which authority it trusts, so the public cloud is not asked about it.
    disableInstanceDiscovery: true,
    additionalPolicies: [{ policy, position: 'perRetry' }],
  });
  try {
    return masked(await credential.getToken(scope), mask);
  } catch (thrown) {
    throw exchangeRefusal(thrown, { application, idToken: assertion, obstacle: obstacle() });
  } finally {
    way.agent.destroy();
  }
}

type Policy = NonNullable<ClientAssertionCredentialOptions['additionalPolicies']>[number]['policy'];

/**
 * A policy that sends calls through our proxy, with trust in our CA, which the credential itself does not do behind a
 * proxy. It also keeps what went wrong, because after a failed connection the credential says only
 * `endpoints_resolution_error`.
 */
function travelling(
  way: Way,
  { tryTimeoutMs = usualTimeout, waiting }: Pick<ExchangeOptions, 'tryTimeoutMs' | 'waiting'>,
): { readonly policy: Policy; readonly obstacle: () => Obstacle | undefined } {
  let obstacle: Obstacle | undefined;
  const limited = patience({ tryTimeoutMs, waiting, most: mostTries });
  const policy: Policy = {
    name: 'travelling',
    sendRequest: async (request, next) => {
      const { host } = new URL(request.url);
      request.requestOverrides = { ...way };
      try {
        const response = await limited(request, () => next(request));
        obstacle = response.status === 200 ? undefined : { host, status: response.status };
        return response;
      } catch (thrown) {
        obstacle = { host, error: messageOf(thrown) };
        throw thrown;
      }
    },
  };
  return { policy, obstacle: () => obstacle };
}

/** Gets a token from the Azure CLI (`azure/login`, `az login`). Throws a `Fault` if the CLI gives none. */
export async function cliToken(scope: string, { mask }: Pick<ExchangeOptions, 'mask'>): Promise<AccessToken> {
  try {
    return masked(await new AzureCliCredential({ processTimeoutInMs: 60_000 }).getToken(scope), mask);
  } catch (thrown) {
    throw cliRefusal(thrown);
  }
}

function masked(
  given: { readonly token: string; readonly expiresOnTimestamp: number },
  mask: (secret: string) => void,
): AccessToken {
  mask(given.token);
  return { token: given.token, expires: given.expiresOnTimestamp };
}
