import { faultRow, faultsOf } from '../../model/fault-table.ts';
import { shellWord } from '../../rules/shell.ts';

/** An application of Entra that a workflow signs in as. */
export interface EntraApplication {
  readonly clientId: string;
  readonly tenantId: string;
}

/** The claims of an ID token that a federated credential has to match. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/**
 * Why no answer of Entra was understood: another status, or an error. `host` is absent if the call did not get as far
 * as a host.
 */
export type Obstacle =
  | { readonly host: string; readonly status: number }
  | { readonly host: string; readonly error: string }
  | { readonly error: string };

/**
 * An exchange that Entra refused. `answer` is Entra's own text: `AADSTS700213: No matching federated identity record
 * …`.
 */
interface RefusedExchange {
  readonly application: EntraApplication;
  readonly claims: Claims;
  readonly answer: string;
}

const application: EntraApplication = {
  clientId: '11111111-2222-3333-4444-555555555555',
  tenantId: '99999999-8888-7777-6666-555555555555',
};

const claims: Claims = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:octo/fleet:ref:refs/heads/main',
  audience: 'api://AzureADTokenExchange',
};

/** Faults of signing in by Entra. No row gets a token. */
export const entraFaults = {
  'authority-host': faultRow<Record<string, never>>({
    kind: 'usage',
    message: () => 'AZURE_AUTHORITY_HOST is not a URL that begins with https://',
    remedy: () => 'Write it as https://HOST, or unset it: Entra of the public cloud needs none.',
    example: {},
  }),
  'token-expired': faultRow<{ expires: number }>({
    message: ({ expires }) => `Entra gave a token that ended at ${new Date(expires).toISOString()}`,
    remedy: () => 'Check the clock of this machine (date -u). If it is right, sign in again: az login.',
    example: { expires: Date.UTC(2026, 0, 15) },
  }),
  'exchange-unanswered': faultRow<{ clientId: string; obstacle: Obstacle }>({
    message: ({ clientId, obstacle }) =>
      `Entra could not be asked for a token of the application ${clientId}: ${described(obstacle)}`,
    remedy: () =>
      'Run it again. If it stays so, check that HTTPS to login.microsoftonline.com (or AZURE_AUTHORITY_HOST) is let through, and HTTPS_PROXY and ca-file where there is a proxy.',
    example: { clientId: application.clientId, obstacle: { host: 'login.microsoftonline.com', status: 403 } },
  }),

  'id-token-not-trusted': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: ({ application: { clientId }, claims: { issuer, subject, audience } }) =>
      `${whoMayBeTrusted(clientId, subject)}add a federated credential for exactly this subject (upper and lower case count): az ad app federated-credential create --id ${clientId} --parameters ${shellWord(
        JSON.stringify({ name: credentialName(subject), issuer, subject, audiences: [audience] }),
      )}`,
    example: { application, claims, answer: 'AADSTS700213: No matching federated identity record found' },
  }),
  'application-unknown': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: ({ application: { clientId, tenantId } }) =>
      `Compare client-id and tenant-id with the application: az ad app show --id ${clientId} --query appId; az account show --query tenantId (expected ${tenantId}). client-id is the application (client) id, not the object id.`,
    example: { application, claims, answer: 'AADSTS700016: Application was not found in the directory' },
  }),
  'no-service-principal': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: ({ application: { clientId } }) =>
      `The application has no service principal in this tenant: az ad sp create --id ${clientId}`,
    example: { application, claims, answer: 'AADSTS7000229: The client application is missing service principal' },
  }),
  'tenant-unknown': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: () => 'Correct tenant-id: az account show --query tenantId --output tsv.',
    example: { application, claims, answer: 'AADSTS90002: Tenant was not found' },
  }),
  'iot-hub-unknown': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: () =>
      'This tenant knows no IoT Hub: correct tenant-id, or register the service in the subscription: az provider register --namespace Microsoft.Devices.',
    example: { application, claims, answer: 'AADSTS500011: The resource principal was not found' },
  }),
  'id-token-expired': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: () => 'Is the clock of this machine right (date -u)? The ID token of a run lives some minutes only.',
    example: { application, claims, answer: 'AADSTS700024: Client assertion is not within its valid time range' },
  }),
  'exchange-refused': faultRow<RefusedExchange>({
    message: exchangeRefused,
    remedy: ({ claims: { subject } }) =>
      `Look the number up: https://login.microsoftonline.com/error. The federated credential has to name the subject ${subject}; docs/sign-in.md tells how.`,
    example: { application, claims, answer: 'AADSTS53003: Access has been blocked by Conditional Access policies' },
  }),

  'azure-cli-missing': faultRow<Record<string, never>>({
    message: () => `${noCliToken}: az is not installed`,
    remedy: () => `Install it (https://aka.ms/azure-cli) and sign in: az login. ${otherSignIns}`,
    example: {},
  }),
  'azure-cli-session-ended': faultRow<{ answer: string }>({
    message: ({ answer }) => `${noCliToken}: its session has ended (${answer})`,
    remedy: () =>
      `What azure/login leaves cannot renew itself and lasts an hour at most. For longer runs give client-id and tenant-id, with id-token: write; docs/sign-in.md tells how. ${otherSignIns}`,
    example: { answer: 'AADSTS700024: Client assertion is not within its valid time range' },
  }),
  'azure-cli-not-signed-in': faultRow<Record<string, never>>({
    message: () => `${noCliToken}: nobody is signed in, or the session has ended`,
    remedy: () => `Sign in: az login; in a workflow, azure/login before this. ${otherSignIns}`,
    example: {},
  }),
  'azure-cli-refused': faultRow<{ answer: string }>({
    message: ({ answer }) => `${noCliToken}: ${answer}`,
    remedy: () =>
      `Try it by hand: az account get-access-token --resource https://iothubs.azure.net --query expiresOn. ${otherSignIns}`,
    example: { answer: 'AADSTS500011: The resource principal was not found' },
  }),
};

export const entraFault = faultsOf(entraFaults);

const noCliToken = 'the Azure CLI gives no token for the hub';
const otherSignIns = 'Or give client-id and tenant-id (in a workflow), or a connection string.';

function exchangeRefused({ application, claims, answer }: RefusedExchange): string {
  const { clientId, tenantId } = application;
  const { issuer, subject, audience } = claims;
  return `Entra refused to sign in the application ${clientId} of the tenant ${tenantId} (${answer}). The ID token of this run has the issuer ${issuer}, the subject ${subject} and the audience ${audience}`;
}

function described(obstacle: Obstacle): string {
  if ('status' in obstacle) return `${obstacle.host} answered ${obstacle.status}`;
  return 'host' in obstacle ? `${obstacle.host}: ${obstacle.error}` : obstacle.error;
}

/** A pull request must not get the rights to write: anyone who may push a branch may open one. */
function whoMayBeTrusted(clientId: string, subject: string): string {
  if (!/:pull_request$/i.test(subject)) return 'If this workflow shall sign in, ';
  return `Pull requests sign in as an application that only reads: make one (docs/sign-in.md), and give it as plan-client-id to provision.yml, as client-id to a job of your own. Only if ${clientId} is such a one (role IoT Hub Data Reader, no other), `;
}

/** A name of up to 120 letters, digits, - and _, as Entra demands it. */
function credentialName(subject: string): string {
  return subject.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 120);
}
