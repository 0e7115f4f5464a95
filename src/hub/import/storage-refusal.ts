import { Fault, messageOf } from '../../model/fault.ts';
import { quotable } from '../calls/reply.ts';
import { isRecord } from '../calls/wire.ts';
import type { BlobAccess } from '../faults.ts';
import { importFault } from './faults.ts';
import type { ImportContainer } from './import-container.ts';

/** Whether there is no such blob. */
export function isAbsent(thrown: unknown): boolean {
  return statusOf(thrown) === 404 && codeOf(thrown) !== 'ContainerNotFound';
}

/** Whether the blob exists already, or is leased by another run. */
export function isHeld(thrown: unknown): boolean {
  return /^(BlobAlreadyExists|LeaseAlreadyPresent|LeaseIdMissing|LeaseIsBreakingAndCannotBeAcquired)$/.test(
    codeOf(thrown),
  );
}

/**
 * The fault of a container that refuses the run, or cannot be reached. The fault has no cause, because the cause holds
 * the URL with its signature.
 */
export function storageRefusal(thrown: unknown, container: ImportContainer, access: BlobAccess): Fault {
  if (thrown instanceof Fault) return thrown;
  const { url, signature } = container;
  const [status, code] = [statusOf(thrown), codeOf(thrown)];
  const answer = quotable([status ?? '', code, firstLine(thrown)].filter((part) => part !== '').join(', '));
  if (code === 'ContainerNotFound') return importFault('container-not-found', { url });
  // Azurite also answers a wrong signature with this code.
  if (code === 'AuthorizationFailure' && !/failed to authenticate/.test(answer)) {
    return importFault('container-behind-firewall', { url, answer });
  }
  if (status === 401 || status === 403) {
    const refused = { url, access, answer };
    return importFault(signature === undefined ? 'storage-role-missing' : signatureFault(code), refused);
  }
  if (status === undefined) {
    return importFault('container-unreachable', { url, error: quotable(messageOf(thrown)) });
  }
  return importFault('blob-call-refused', { url, access, answer });
}

function signatureFault(code: string) {
  if (/^Authorization(Permission|ResourceType|Service)Mismatch$/.test(code)) return 'signature-lacks-right';
  return code === 'KeyBasedAuthenticationNotPermitted' ? 'keys-not-permitted' : 'signature-refused';
}

function statusOf(thrown: unknown): number | undefined {
  return isRecord(thrown) && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

/** The service's error code. It is in the body, or in a header if the answer has no body (HEAD). */
function codeOf(thrown: unknown): string {
  if (!isRecord(thrown)) return '';
  const details = isRecord(thrown.details) ? thrown.details : {};
  return [thrown.code, details.errorCode, details.code].find((code) => typeof code === 'string') ?? '';
}

function firstLine(thrown: unknown): string {
  return messageOf(thrown).split('\n', 1)[0] ?? '';
}
