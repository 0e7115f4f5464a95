import {
  type EntraCredential,
  type EntraPrincipal,
  type HubCredential,
  hubScope,
  type SasCredential,
  storageScope,
} from '../hub/credential.ts';
import type { AccessToken } from '../hub/entra/token.ts';
import { Fault } from '../model/fault.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Settings } from './settings.ts';

/** How a run signs in: one way, the same for all its hubs. */
export type SignIn =
  | { readonly way: 'connection-strings'; readonly credentials: readonly SasCredential[] }
  /** As written, and one of the two may be missing: `openSignIn` judges them, where a hub is needed. */
  | { readonly way: 'github-oidc'; readonly clientId: string; readonly tenantId: string }
  /** Whoever has signed in to the Azure CLI: `azure/login`, `az login`. */
  | { readonly way: 'azure-cli' };

/**
 * Reads from the settings `connection-string`, `client-id` and `tenant-id` how to sign in.
 * Throws a usage `Fault` for two ways at once, and for what is no connection string; a secret is never quoted.
 */
export async function readSignIn(settings: Settings): Promise<SignIn> {
  const strings = settings['connection-string'] ?? '';
  const clientId = settings['client-id']?.trim() ?? '';
  const tenantId = settings['tenant-id']?.trim() ?? '';
  if (clientId === '' && tenantId === '') {
    if (strings.trim() === '') return { way: 'azure-cli' };
    // The SDK's parser is not loaded for a run without them.
    const { readConnectionStrings } = await import('../hub/connection-string.ts');
    return { way: 'connection-strings', credentials: readConnectionStrings(strings) };
  }
  if (strings.trim() !== '') {
    const remedy = 'Keep one of them for all hubs. Hubs that differ in it want jobs of their own.';
    throw usage('there are two ways to sign in: connection-string, and client-id with tenant-id', remedy);
  }
  return { way: 'github-oidc', clientId, tenantId };
}

/** The hubs that a way of signing in names by itself. */
export function hostsOf(signIn: SignIn): readonly HubHost[] {
  return signIn.way === 'connection-strings' ? signIn.credentials.map(({ host }) => host) : [];
}

export interface SignInParts {
  /** A fresh ID token of the workflow for an audience; absent outside of GitHub Actions. */
  readonly idToken?: (audience: string) => Promise<string>;
  /** Gets every token before it is used, so that no log shows it. */
  readonly mask: (secret: string) => void;
  /** Of Entra in another cloud: AZURE_AUTHORITY_HOST. */
  readonly authorityHost?: string | undefined;
  /** The proxy for a URL, or an empty text. */
  readonly proxyFor?: ((url: string) => string) | undefined;
  /** The certificate authority to trust besides, PEM. */
  readonly ca?: (() => string | undefined) | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * The credentials for the hubs that the workflow names; for connection strings these are the ones they were made for.
 * Asks nobody yet. Throws a usage `Fault` for an id that is missing or none.
 */
export async function openSignIn(
  signIn: SignIn,
  hubs: readonly HubHost[],
  parts: SignInParts,
): Promise<readonly HubCredential[]> {
  if (signIn.way === 'connection-strings') return signIn.credentials;
  if (signIn.way === 'azure-cli')
    return entraCredentials(hubs, cliPrincipal, parts, (entra, scope) => entra.cliToken(scope, parts));
  const { clientId, tenantId } = signIn;
  requireIds(clientId, tenantId);
  const { idToken, mask, authorityHost, proxyFor, ca } = parts;
  if (idToken === undefined) {
    throw usage('client-id signs in with an ID token of GitHub Actions, and this is none', 'Sign in by az login.');
  }
  const principal = { name: `the Entra application ${clientId}`, assignee: clientId };
  return entraCredentials(hubs, principal, parts, (entra, scope) =>
    entra.exchangeIdToken({ clientId, tenantId }, scope, { idToken, mask, authorityHost, proxyFor, ca: ca?.() }),
  );
}

/** Told to people before the first call. */
export function describedSignIn(credential: HubCredential): string {
  if (credential.kind === 'sas') return `by the shared access policy ${credential.keyName}`;
  return `as ${credential.principal.name}${credential.principal === cliPrincipal ? '' : ", by GitHub's OIDC"}`;
}

const cliPrincipal: EntraPrincipal = {
  name: 'the account that the Azure CLI is signed in with',
  assignee: '"$(az account show --query user.name --output tsv)"',
};

type Entra = typeof import('../hub/entra/entra.ts');

/** One token serves all hubs: it is the same for every hub of a tenant. */
async function entraCredentials(
  hubs: readonly HubHost[],
  principal: EntraPrincipal,
  { clock = Date.now }: SignInParts,
  acquire: (entra: Entra, scope: string) => Promise<AccessToken>,
): Promise<readonly EntraCredential[]> {
  if (hubs.length === 0) return [];
  const { renewing } = await import('../hub/entra/token.ts');
  // @azure/identity takes some 50 ms to load: not before a token is needed.
  const tokenFor = (scope: string) =>
    renewing(async () => acquire(await import('../hub/entra/entra.ts'), scope), clock);
  const [token, storageToken] = [tokenFor(hubScope), tokenFor(storageScope)];
  return hubs.map((host) => ({ kind: 'entra', host, principal, token, storageToken }));
}

/** Ids are never quoted: somebody may have taken a secret for one. */
function requireIds(clientId: string, tenantId: string): void {
  if (clientId === '' || tenantId === '') {
    const [given, missing] = clientId === '' ? ['tenant-id', 'client-id'] : ['client-id', 'tenant-id'];
    const remedy =
      missing === 'tenant-id'
        ? 'Give both: az account show --query tenantId --output tsv.'
        : 'Give both: az ad app list --display-name NAME --query "[].appId" --output tsv.';
    throw usage(
      `${given} is given without ${missing}`,
      `${remedy} If it comes from a secret or a variable, is that set?`,
    );
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientId)) {
    const remedy =
      'Give the application (client) id: az ad app list --display-name NAME --query "[].appId" --output tsv.';
    throw usage('client-id is not the id of an application, such as 11111111-2222-3333-4444-555555555555', remedy);
  }
  if (!/^[0-9a-z][0-9a-z.-]*$/i.test(tenantId)) {
    const remedy = 'Give the directory (tenant) id: az account show --query tenantId --output tsv.';
    throw usage('tenant-id is neither the id of a tenant nor its domain', remedy);
  }
}

function usage(message: string, remedy: string): Fault {
  return new Fault(message, remedy, { kind: 'usage' });
}
