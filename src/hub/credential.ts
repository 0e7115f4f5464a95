import type { HubEndpoint } from '../model/hub-name.ts';
import type { TokenSource } from './entra/token.ts';

/** How to sign in to one hub. */
export type HubCredential = SasCredential | EntraCredential;

/** Signs in by the key of a shared access policy. */
export interface SasCredential {
  readonly kind: 'sas';
  readonly host: HubEndpoint;
  /** The name of the policy: `iothubowner`. It is not a secret. */
  readonly keyName: string;
  readonly key: string;
}

/**
 * Signs in by bearer tokens of Entra. Every hub of the tenant accepts the same token, so a hub that gets one could use
 * it on all of them. A credential is therefore made only for hubs that the workflow names, never for one that only a
 * manifest names.
 */
export interface EntraCredential {
  readonly kind: 'entra';
  readonly host: HubEndpoint;
  readonly principal: EntraPrincipal;
  readonly token: TokenSource;
  /** For blob storage, of the same principal. */
  readonly storageToken?: TokenSource;
}

/** The application or user that signs in by Entra. */
export interface EntraPrincipal {
  /** As used in a sentence: `the Entra application 11111111-…`. */
  readonly name: string;
  /** The value for `az role assignment create --assignee`, quoted for a shell. */
  readonly assignee: string;
}

/** Scopes of the tokens. They name the service, not a single hub. */
export const hubScope = 'https://iothubs.azure.net/.default';
export const storageScope = 'https://storage.azure.com/.default';
