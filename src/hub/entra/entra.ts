import {
  AzureAuthorityHosts,
  AzureCliCredential,
  ClientAssertionCredential,
  type ClientAssertionCredentialOptions,
} from '@azure/identity';
import { Fault, messageOf } from '../../model/fault.ts';
import { openWay, type Way } from '../calls/http.ts';
import { cliRefusal, type EntraApplication, exchangeRefusal } from './entra-refusal.ts';
import type { AccessToken } from './token.ts';

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust */
const assertionAudience = 'api://AzureADTokenExchange';

const attemptTimeoutMs = 60_000;

export interface ExchangeOptions {
  /** A fresh ID token of this run for an audience. Its life is some minutes, so that every exchange needs another. */
  readonly idToken: (audience: string) => Promise<string>;
  /** Gets everything that must not be seen, before it is used. */
  readonly mask: (secret: string) => void;
  /** Certificates to trust beside the usual ones, PEM. */
  readonly ca?: string | undefined;
  /** The proxy for a URL, or an empty text. */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** Another cloud's: `https://login.microsoftonline.us`. */
  readonly authorityHost?: string | undefined;
}

/** Has Entra exchange the run's ID token for a token of the application. Throws a `Fault` that says how to mend the trust. */
export async function exchangeIdToken(
  application: EntraApplication,
  scope: string,
  options: ExchangeOptions,
): Promise<AccessToken> {
  const { idToken, mask, ca, proxyFor, authorityHost = AzureAuthorityHosts.AzurePublicCloud } = options;
  if (!/^https:\/\//i.test(authorityHost)) {
    const remedy = 'Write it as https://HOST, or unset it: Entra of the public cloud needs none.';
    throw new Fault('AZURE_AUTHORITY_HOST is not a URL that begins with https://', remedy, { kind: 'usage' });
  }
  const assertion = await idToken(assertionAudience);
  mask(assertion);
  const way = await openWay({ ca, proxy: proxyFor?.(authorityHost) });
  const { policy, obstacle } = travelling(way);
  // One for each exchange: it keeps tokens by a clock of its own, and its assertion would be the first one for ever.
  const credential = new ClientAssertionCredential(application.tenantId, application.clientId, async () => assertion, {
    authorityHost,
    // The workflow says which authority it trusts; nobody else is asked about it.
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
 * Sends calls on our way, since the credential's own trusts no CA of ours behind a proxy; and sees what stands in it, since
 * of a failed connection the credential says `endpoints_resolution_error` and no more.
 */
function travelling(way: Way): { readonly policy: Policy; readonly obstacle: () => string | undefined } {
  let obstacle: string | undefined;
  const policy: Policy = {
    name: 'travelling',
    sendRequest: async (request, next) => {
      const { host } = new URL(request.url);
      request.requestOverrides = { ...way };
      request.timeout = attemptTimeoutMs;
      try {
        const response = await next(request);
        obstacle = response.status === 200 ? undefined : `${host} answered ${response.status}`;
        return response;
      } catch (thrown) {
        obstacle = `${host}: ${messageOf(thrown)}`;
        throw thrown;
      }
    },
  };
  return { policy, obstacle: () => obstacle };
}

/** The token of whoever has signed in to the Azure CLI (`azure/login`, `az login`). Throws a `Fault` where nobody has. */
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
