import type { HubHost } from '../model/fleet.ts';
import type { TokenSource } from './entra/token.ts';

/** How to sign in to one hub. */
export type HubCredential = SasCredential | EntraCredential;

/** By the key of a shared access policy. */
export interface SasCredential {
  readonly kind: 'sas';
  readonly host: HubHost;
  /** The name of the policy: `iothubowner`. Not a secret. */
  readonly keyName: string;
  readonly key: string;
}

/**
 * By bearer tokens of Entra. Every hub of the tenant takes the same token, so that whoever gets one may use it on all of
 * them: a credential is made for hubs that the workflow names, never for one that a manifest names.
 */
export interface EntraCredential {
  readonly kind: 'entra';
  readonly host: HubHost;
  readonly principal: EntraPrincipal;
  readonly token: TokenSource;
  /** Of the same principal, for blob storage. */
  readonly storageToken?: TokenSource;
}

/** Who signs in by Entra. */
export interface EntraPrincipal {
  /** For a sentence: `the Entra application 11111111-…`. */
  readonly name: string;
  /** What `az role assignment create --assignee` takes for it, as a word of a shell. */
  readonly assignee: string;
}

/** What Entra is asked for: the service itself, no hub of it. */
export const hubScope = 'https://iothubs.azure.net/.default';
export const storageScope = 'https://storage.azure.com/.default';
