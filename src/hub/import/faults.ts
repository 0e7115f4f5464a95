import { faultRow, faultsOf } from '../../model/fault-table.ts';
import { type BlobAccess, newSignature } from '../faults.ts';

/**
 * A call that the storage account refused. `url` has no signature. `answer` is the service's own text: `403,
 * AuthorizationFailure, …`.
 */
interface RefusedBlobCall {
  readonly url: string;
  readonly access: BlobAccess;
  readonly answer: string;
}

/** The hub cannot use the container. `answer` is the hub's own text. */
interface RefusedContainer {
  readonly host: string;
  readonly url: string;
  readonly answer: string;
}

const url = 'https://fleet.blob.core.windows.net/import';
const host = 'contoso.azure-devices.net';

/**
 * Faults of the calls to the import container, and of the hub's use of it. No row gets a signature, which is a secret.
 */
export const importFaults = {
  'no-storage-sign-in': faultRow<{ url: string; host: string }>({
    kind: 'usage',
    message: ({ url, host }) =>
      `the import container ${url} has no signature (SAS), and the connection string of ${host} does not sign in to storage`,
    remedy: () =>
      `Sign in by Entra (client-id and tenant-id, or az login), or add a signature to import-container. ${newSignature}`,
    example: { url, host },
  }),

  'container-not-found': faultRow<{ url: string }>({
    message: ({ url }) => `there is no container ${url}`,
    remedy: () =>
      'Create it: az storage container create --account-name ACCOUNT --name CONTAINER --auth-mode login. Or correct the input import-container.',
    example: { url },
  }),
  'container-behind-firewall': faultRow<Omit<RefusedBlobCall, 'access'>>({
    message: ({ url, answer }) => `${container(url)} may not be reached from here (${answer})`,
    remedy: () =>
      'Does the firewall of the storage account let this runner and the hub in (az storage account show --name ACCOUNT --query networkRuleSet)? The hub passes as a trusted service of Microsoft by its identity alone, not by a signature.',
    example: { url, answer: '403, AuthorizationFailure' },
  }),
  'container-unreachable': faultRow<{ url: string; error: string }>({
    message: ({ url, error }) => `${container(url)} cannot be reached: ${error}`,
    remedy: () => 'Check its host name, the network, and HTTPS_PROXY; run it again if all are right.',
    example: { url, error: 'getaddrinfo ENOTFOUND fleet.blob.core.windows.net' },
  }),
  'blob-call-refused': faultRow<RefusedBlobCall>({
    message: ({ url, access, answer }) => `${container(url)} refused to ${access} a blob (${answer})`,
    remedy: () => 'Run it again. If it stays so, look at the storage account in the Azure portal.',
    example: { url, access: 'read', answer: '503, ServerBusy' },
  }),
  'signature-lacks-right': faultRow<RefusedBlobCall>({
    message: ({ url, access, answer }) =>
      `${container(url)}: its signature (SAS) lacks the right to ${access} (${answer})`,
    remedy: () => newSignature,
    example: { url, access: 'write', answer: '403, AuthorizationPermissionMismatch' },
  }),
  'keys-not-permitted': faultRow<Omit<RefusedBlobCall, 'access'>>({
    message: ({ url, answer }) => `${container(url)} does not take signatures by key (${answer})`,
    remedy: () =>
      `The account accepts no keys. Sign as yourself (--as-user --auth-mode login), for at most 7 days. ${newSignature}`,
    example: { url, answer: '403, KeyBasedAuthenticationNotPermitted' },
  }),
  'signature-refused': faultRow<Omit<RefusedBlobCall, 'access'>>({
    message: ({ url, answer }) => `${container(url)} does not accept the signature (SAS) (${answer})`,
    remedy: () =>
      `It has ended, was not copied completely, belongs to another container, or its key was regenerated. ${newSignature}`,
    example: { url, answer: '403, AuthenticationFailed' },
  }),
  'storage-role-missing': faultRow<RefusedBlobCall>({
    message: ({ url, access, answer }) => `${container(url)} does not let the run ${access} blobs (${answer})`,
    remedy: () =>
      'Both who runs this and the hub need the role Storage Blob Data Contributor on it; Owner and Contributor have no such right: az role assignment create --role "Storage Blob Data Contributor" --assignee CLIENT_ID --scope "$(az storage account show --name ACCOUNT --query id --output tsv)/blobServices/default/containers/CONTAINER" (it takes some minutes to work).',
    example: { url, access: 'write', answer: '403, AuthorizationPermissionMismatch' },
  }),

  'hub-identity-refused': faultRow<RefusedContainer>({
    message: hubRefused,
    remedy: ({ host }) =>
      `Give the hub an identity of its own, and that the role Storage Blob Data Contributor on the container: az iot hub identity assign --name ${resourceName(host)} --system-assigned --role "Storage Blob Data Contributor" --scopes "$(az storage account show --name ACCOUNT --query id --output tsv)".`,
    example: { host, url, answer: '400, BlobContainerValidationError' },
  }),
  'hub-signature-refused': faultRow<RefusedContainer>({
    message: hubRefused,
    remedy: () =>
      'The hub uses the same signature (SAS) as the run: it needs the rights rwd, and has to outlive the job. A storage account whose firewall is closed lets a hub in by the identity of the hub alone: give the container without a signature.',
    example: { host, url, answer: '400, BlobContainerValidationError' },
  }),
};

export const importFault = faultsOf(importFaults);

function container(url: string): string {
  return `the import container ${url}`;
}

function hubRefused({ host, url, answer }: RefusedContainer): string {
  return `${host} may not use ${container(url)} (${answer})`;
}

/** The name of the hub's resource in Azure: the first label of its host name. */
function resourceName(host: string): string {
  return host.replace(/[.:].*$/, '');
}
