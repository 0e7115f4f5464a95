import { Fault, messageOf } from '../../model/fault.ts';
import { quotable } from '../calls/reply.ts';
import { isRecord } from '../calls/wire.ts';
import { type ImportContainer, newSignature } from './import-container.ts';

/** No such blob. */
export function isAbsent(thrown: unknown): boolean {
  return statusOf(thrown) === 404 && codeOf(thrown) !== 'ContainerNotFound';
}

/** Somebody else has it: a blob that is already there, or a lease on it. */
export function isHeld(thrown: unknown): boolean {
  return /^(BlobAlreadyExists|LeaseAlreadyPresent|LeaseIdMissing|LeaseIsBreakingAndCannotBeAcquired)$/.test(
    codeOf(thrown),
  );
}

/**
 * The fault of a container that refuses us, or cannot be reached. `doing`: read, write or delete. Without the cause, which holds the
 * URL with its signature.
 */
export function storageRefusal(thrown: unknown, container: ImportContainer, doing: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const { url, signature } = container;
  const [status, code] = [statusOf(thrown), codeOf(thrown)];
  const where = `the import container ${url}`;
  const said = quotable([status ?? '', code, firstLine(thrown)].filter((part) => part !== '').join(', '));
  if (code === 'ContainerNotFound') {
    return new Fault(
      `there is no container ${url}`,
      'Make it: az storage container create --account-name ACCOUNT --name CONTAINER --auth-mode login; or mend the input import-container.',
    );
  }
  // Azurite gives this code to a wrong signature too.
  if (code === 'AuthorizationFailure' && !/failed to authenticate/.test(said)) {
    return new Fault(
      `${where} may not be reached from here (${said})`,
      'Does the firewall of the storage account let this runner and the hub in (az storage account show --name ACCOUNT --query networkRuleSet)? The hub passes as a trusted service of Microsoft by its identity alone, not by a signature.',
    );
  }
  if (status === 401 || status === 403) {
    return signature === undefined ? tokenRefused(where, said, doing) : signatureRefused(where, said, code, doing);
  }
  if (status === undefined) {
    return new Fault(
      `${where} cannot be reached: ${quotable(messageOf(thrown))}`,
      'Check its host name, the network, and HTTPS_PROXY; run it again if all are right.',
    );
  }
  const remedy = 'Run it again. If it stays so, look at the storage account in the Azure portal.';
  return new Fault(`${where} refused to ${doing} a blob (${said})`, remedy);
}

function signatureRefused(where: string, said: string, code: string, doing: string): Fault {
  if (/^Authorization(Permission|ResourceType|Service)Mismatch$/.test(code)) {
    return new Fault(`${where}: its signature (SAS) lacks the right to ${doing} (${said})`, newSignature);
  }
  if (code === 'KeyBasedAuthenticationNotPermitted') {
    const remedy = `The account takes no keys: sign as yourself (--as-user --auth-mode login), for at most 7 days. ${newSignature}`;
    return new Fault(`${where} does not take signatures by key (${said})`, remedy);
  }
  return new Fault(
    `${where} does not accept the signature (SAS) (${said})`,
    `It has ended, was cut off when it was copied, is that of another container, or its key was made anew. ${newSignature}`,
  );
}

function tokenRefused(where: string, said: string, doing: string): Fault {
  return new Fault(
    `${where} does not let the run ${doing} blobs (${said})`,
    'Both who runs this and the hub need the role Storage Blob Data Contributor on it; Owner and Contributor have no such right: az role assignment create --role "Storage Blob Data Contributor" --assignee CLIENT_ID --scope "$(az storage account show --name ACCOUNT --query id --output tsv)/blobServices/default/containers/CONTAINER" (it takes some minutes to work).',
  );
}

function statusOf(thrown: unknown): number | undefined {
  return isRecord(thrown) && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

/** The service's word in the body or, of a call without an answer's body (HEAD), in a header. */
function codeOf(thrown: unknown): string {
  if (!isRecord(thrown)) return '';
  const details = isRecord(thrown.details) ? thrown.details : {};
  return [thrown.code, details.errorCode, details.code].find((code) => typeof code === 'string') ?? '';
}

function firstLine(thrown: unknown): string {
  return messageOf(thrown).split('\n', 1)[0] ?? '';
}
