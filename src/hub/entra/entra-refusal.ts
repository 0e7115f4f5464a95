import { Fault, messageOf } from '../../model/fault.ts';
import { scrubbed } from '../../model/secrets.ts';
import { shellWord } from '../../rules/shell.ts';
import { isRecord } from '../calls/wire.ts';

/** An application of Entra that a workflow signs in as. */
export interface EntraApplication {
  readonly clientId: string;
  readonly tenantId: string;
}

export interface Exchange {
  readonly application: EntraApplication;
  readonly idToken: string;
  /** What went wrong with the last call, where it had no good answer. */
  readonly obstacle?: string | undefined;
}

/** The fault of an exchange that failed. Of the ID token it says issuer, subject and audience, never the token itself. */
export function exchangeRefusal(thrown: unknown, { application, idToken, obstacle }: Exchange): Fault {
  const { clientId, tenantId } = application;
  const said = saidBy(thrown);
  const code = entraCode(said);
  if (code === undefined) {
    return new Fault(
      `Entra could not be asked for a token of the application ${clientId}: ${obstacle ?? said}`,
      'Run it again. If it stays so, check that HTTPS to login.microsoftonline.com (or AZURE_AUTHORITY_HOST) is let through, and HTTPS_PROXY and ca-file where there is a proxy.',
      { cause: thrown },
    );
  }
  const claims = claimsOf(idToken);
  const remedy = remedies.find(({ codes }) => codes.test(code))?.remedy ?? otherwise;
  return new Fault(
    `Entra refused to sign in the application ${clientId} of the tenant ${tenantId} (${said}). The ID token of this run has the issuer ${claims.issuer}, the subject ${claims.subject} and the audience ${claims.audience}`,
    remedy(application, claims),
    { cause: thrown },
  );
}

/** The fault of an Azure CLI that gives no token. */
export function cliRefusal(thrown: unknown): Fault {
  const said = saidBy(thrown);
  const code = entraCode(said);
  const [what, remedy] = /Azure CLI could not be found/.test(said)
    ? ['az is not installed', 'Install it (https://aka.ms/azure-cli) and sign in: az login.']
    : code === 'AADSTS700024'
      ? [
          `its session has ended (${said})`,
          'What azure/login leaves cannot renew itself and lasts an hour at most. For longer runs give client-id and tenant-id, with id-token: write; docs/sign-in.md tells how.',
        ]
      : /az login/.test(said)
        ? [
            'nobody is signed in, or the session has ended',
            'Sign in: az login; in a workflow, azure/login before this.',
          ]
        : [said, 'Try it by hand: az account get-access-token --resource https://iothubs.azure.net --query expiresOn.'];
  const otherWays = 'Or give client-id and tenant-id (in a workflow), or a connection string.';
  return new Fault(`the Azure CLI gives no token for the hub: ${what}`, `${remedy} ${otherWays}`, { cause: thrown });
}

interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

type Remedy = (application: EntraApplication, claims: Claims) => string;

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const remedies: readonly { readonly codes: RegExp; readonly remedy: Remedy }[] = [
  {
    // 700211 the issuer, 700212 the audience, 700213… the subject; 7002138 where only upper and lower case differ.
    codes: /^AADSTS7002(1|11|12|13\d*)$/,
    remedy: ({ clientId }, { issuer, subject, audience }) =>
      `${whoMayBeTrusted(clientId, subject)}add a federated credential for exactly this subject (upper and lower case count): az ad app federated-credential create --id ${clientId} --parameters ${shellWord(
        JSON.stringify({ name: credentialName(subject), issuer, subject, audiences: [audience] }),
      )}`,
  },
  {
    codes: /^AADSTS700016$/,
    remedy: ({ clientId, tenantId }) =>
      `Compare client-id and tenant-id with the application: az ad app show --id ${clientId} --query appId; az account show --query tenantId (expected ${tenantId}). client-id is the application (client) id, not the object id.`,
  },
  {
    codes: /^AADSTS7000229$/,
    remedy: ({ clientId }) =>
      `The application has no service principal in this tenant: az ad sp create --id ${clientId}`,
  },
  {
    codes: /^AADSTS(90002|900023|90013)$/,
    remedy: () => 'Correct tenant-id: az account show --query tenantId --output tsv.',
  },
  {
    codes: /^AADSTS500011$/,
    remedy: () =>
      'This tenant knows no IoT Hub: correct tenant-id, or register the service in the subscription: az provider register --namespace Microsoft.Devices.',
  },
  {
    codes: /^AADSTS700024$/,
    remedy: () => 'Is the clock of this machine right (date -u)? The ID token of a run lives some minutes only.',
  },
];

const otherwise: Remedy = (_, { subject }) =>
  `Look the number up: https://login.microsoftonline.com/error. The federated credential has to name the subject ${subject}; docs/sign-in.md tells how.`;

/** Everybody who may push a branch may do what a pull request may. */
function whoMayBeTrusted(clientId: string, subject: string): string {
  if (!/:pull_request$/i.test(subject)) return 'If this workflow shall sign in, ';
  return `Pull requests sign in as an application that only reads: make one (docs/sign-in.md), and give it as plan-client-id to provision.yml, as client-id to a job of your own. Only if ${clientId} is such a one (role IoT Hub Data Reader, no other), `;
}

/** A name of up to 120 letters, digits, - and _, as Entra wants it. */
function credentialName(subject: string): string {
  return subject.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 120);
}

/** Claims are shown, not trusted: Entra checks the signature. */
function claimsOf(idToken: string): Claims {
  const text = (value: unknown) => (typeof value === 'string' ? scrubbed(value) : '(none)');
  const claims = payloadOf(idToken);
  return { issuer: text(claims.iss), subject: text(claims.sub), audience: text(claims.aud) };
}

function payloadOf(idToken: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isRecord(payload) ? payload : {};
  } catch {
    return {}; // Not a JWT: its claims show as missing, which says so.
  }
}

function entraCode(said: string): string | undefined {
  return /AADSTS\d+/.exec(said)?.[0];
}

/** Entra's words without what only its own support reads. */
function saidBy(thrown: unknown): string {
  const words = scrubbed(messageOf(thrown)).replace(/\s+/g, ' ').trim();
  const from = words.search(/AADSTS\d+/);
  return words
    .slice(Math.max(from, 0))
    .replace(/[ .]*(Trace ID|Correlation ID|Timestamp):.*$/, '')
    .slice(0, 400);
}
