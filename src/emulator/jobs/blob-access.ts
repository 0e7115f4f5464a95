import { Refused } from '../wire/errors.ts';
import { type BlobContainer, NotDeletable } from './blob-container.ts';

/** Opens a container by its URL, with the right that the job has there. */
export type OpenContainer = (uri: string) => Promise<BlobContainer>;

// Thrown for a container that a job cannot use, in the words of the service.

export function unwritable(error: unknown): never {
  const verb = error instanceof NotDeletable ? 'delete from' : 'write to';
  throw new Refused('BlobContainerValidationError', `Unauthorized to ${verb} output blob container.`);
}

export function unreadable(): never {
  throw new Refused('BlobContainerValidationError', 'Failed to read devices blob from the input container.');
}
