import {
  type EntraCredential,
  type EntraPrincipal,
  type HubCredential,
  hubScope,
  type SasCredential,
  storageScope,
} from '../hub/credential.ts';
import type { AccessToken } from '../hub/entra/token.ts';
import { describedNeeds } from '../hub/needs.ts';
import type { HubEndpoint } from '../model/hub-name.ts';
import type { Command } from '../model/report.ts';
import { runFault } from './faults.ts';

/** How a run signs in. It is the same for all hubs of the run. */
export type SignIn =
  | { readonly way: 'connection-strings'; readonly credentials: readonly SasCredential[] }
  /** Both ids are right in a run that asks a hub. In others they stand as written, and one may be empty. */
  | { readonly way: 'github-oidc'; readonly clientId: string; readonly tenantId: string }
  /** The account that is signed in to the Azure CLI, by `azure/login` or `az login`. */
  | { readonly way: 'azure-cli' };

/** The host names of hubs that a way of signing in names: those of the connection strings. */
export function hostsOf(signIn: SignIn): readonly HubEndpoint[] {
  return signIn.way === 'connection-strings' ? signIn.credentials.map(({ host }) => host) : [];
}

export interface SignInParts {
  /** Gives a fresh ID token of the workflow for an audience. Absent outside of GitHub Actions. */
  readonly idToken?: (audience: string) => Promise<string>;
  /** Gets each token before it is used, so that no log shows it. */
  readonly mask: (secret: string) => void;
  /** The URL of Entra in another cloud: AZURE_AUTHORITY_HOST. */
  readonly authorityHost?: string | undefined;
  /** The proxy for a URL, or an empty text. */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** Gets a sentence about what the run waits for. */
  readonly waiting?: ((text: string) => void) | undefined;
  /** Reads one more certificate authority to trust, PEM. */
  readonly ca?: (() => string | undefined) | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Makes the credentials for the host names that the workflow gives. Connection strings are credentials for their own hosts.
 * Makes no call. Throws a usage `Fault` for ids outside of GitHub Actions.
 */
export async function openSignIn(
  signIn: SignIn,
  endpoints: readonly HubEndpoint[],
  parts: SignInParts,
): Promise<readonly HubCredential[]> {
  if (signIn.way === 'connection-strings') return signIn.credentials;
  if (signIn.way === 'azure-cli')
    return entraCredentials(endpoints, cliPrincipal, parts, (entra, scope) => entra.cliToken(scope, parts));
  const { clientId, tenantId } = signIn;
  const { idToken, mask, authorityHost, proxyFor, ca, waiting } = parts;
  if (idToken === undefined) throw runFault('no-id-token-here', {});
  return entraCredentials(endpoints, applicationPrincipal(clientId), parts, (entra, scope) =>
    entra.exchangeIdToken({ clientId, tenantId }, scope, {
      idToken,
      mask,
      authorityHost,
      proxyFor,
      ca: ca?.(),
      waiting,
    }),
  );
}

/**
 * Says who signs in to a hub, and which rights or roles the command needs. People read it before the first call.
 * `imports`: devices are written by import jobs.
 */
export function signingIn(command: Command, credential: HubCredential, imports: boolean): string {
  const needs = describedNeeds(command, credential, imports);
  return `signing in to ${credential.host} ${describedSignIn(credential)}; ${needs}`;
}

function describedSignIn(credential: HubCredential): string {
  if (credential.kind === 'sas') return `by the shared access policy ${credential.keyName}`;
  return `as ${credential.principal.name}${credential.principal === cliPrincipal ? '' : ", by GitHub's OIDC"}`;
}

export function applicationPrincipal(clientId: string): EntraPrincipal {
  return { name: `the Entra application ${clientId}`, assignee: clientId };
}

export const cliPrincipal: EntraPrincipal = {
  name: 'the account that the Azure CLI is signed in with',
  assignee: '"$(az account show --query user.name --output tsv)"',
};

type Entra = typeof import('../hub/entra/entra.ts');

/** All hubs share one token, because every hub of a tenant takes the same one. */
async function entraCredentials(
  endpoints: readonly HubEndpoint[],
  principal: EntraPrincipal,
  { clock = Date.now }: SignInParts,
  acquire: (entra: Entra, scope: string) => Promise<AccessToken>,
): Promise<readonly EntraCredential[]> {
  if (endpoints.length === 0) return [];
  const { renewing } = await import('../hub/entra/token.ts');
  // @azure/identity takes about 50 ms to load, so it is loaded when the first token is needed.
  const tokenFor = (scope: string) =>
    renewing(async () => acquire(await import('../hub/entra/entra.ts'), scope), clock);
  const [token, storageToken] = [tokenFor(hubScope), tokenFor(storageScope)];
  return endpoints.map((host) => ({ kind: 'entra', host, principal, token, storageToken }));
}
