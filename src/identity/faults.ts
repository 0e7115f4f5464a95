import { faultRow, faultsOf } from '../model/fault-table.ts';

/** Why the files of a root cannot sign; `message`: the words of node:crypto or the operating system. */
export type RootProblem = 'other-key' | 'no-authority' | 'not-rsa' | { readonly message: string };

export const identityFaults = {
  'no-ids': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'no device id is given',
    remedy: () => 'Name one or more: issue edge-001 edge-002.',
    example: {},
  }),
  'impossible-id': faultRow<{ id: string }>({
    kind: 'usage',
    message: ({ id }) => `${JSON.stringify(id)} cannot be issued to`,
    remedy: () =>
      "Use 1 to 64 of A-Z a-z 0-9 - . _ : % # * ? ! ( ) , + = @ $ ' ; (a certificate's common name ends at 64).",
    example: { id: 'edge 001' },
  }),
  'impossible-days': faultRow<{ days: number }>({
    kind: 'usage',
    message: ({ days }) => `${days} days cannot be issued for`,
    remedy: () => 'Give a whole number from 1 to 36500.',
    example: { days: 0 },
  }),
  'one-folder': faultRow<{ folder: string }>({
    kind: 'usage',
    message: ({ folder }) => `certificates and keys would both go to ${folder}`,
    remedy: () => 'Name two folders: certificates are committed, keys never.',
    example: { folder: 'certs' },
  }),
  'half-a-root': faultRow<{ path: string }>({
    kind: 'usage',
    message: ({ path }) => `${path} is there without the other half of the root`,
    remedy: () => 'Bring the other half back, or move it away.',
    example: { path: 'keys/root.pem' },
  }),
  'unusable-root': faultRow<{ certificate: string; key: string; problem: RootProblem }>({
    message: ({ certificate, key, problem }) =>
      `${certificate} and ${key} cannot be used to sign: ${typeof problem === 'string' ? rootProblems[problem] : problem.message}`,
    remedy: () => 'Move both away, and a new root is made.',
    example: { certificate: 'keys/root.pem', key: 'keys/root.key.pem', problem: 'other-key' },
  }),
  exists: faultRow<{ path: string }>({
    kind: 'usage',
    message: ({ path }) => `${path} exists already, and nothing is ever overwritten`,
    remedy: () => 'Move it away, or leave its id out.',
    example: { path: 'certs/edge-001-primary.pem' },
  }),
  'issuing-stopped': faultRow<Record<never, never>>({
    kind: 'stopped',
    message: () => 'the run was stopped, and no certificate and no key was written',
    remedy: () => 'Run it again.',
    example: {},
  }),
  unwritable: faultRow<{ path: string; message: string }>({
    message: ({ path, message }) => `${path} cannot be written: ${message}`,
    remedy: () => 'Check the folder, its permissions and the disk.',
    example: { path: 'certs', message: 'EACCES: permission denied' },
  }),
};

export const identityFault = faultsOf(identityFaults);

const rootProblems = {
  'other-key': 'the key is not that of the certificate',
  'no-authority': 'the certificate is not that of an authority',
  'not-rsa': 'its key is not RSA',
} as const;
