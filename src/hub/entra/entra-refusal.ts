import { type Fault, messageOf } from '../../model/fault.ts';
import { scrubbed } from '../../model/secrets.ts';
import { isRecord } from '../calls/wire.ts';
import { type Claims, type EntraApplication, entraFault, type Obstacle } from './faults.ts';

export interface Exchange {
  readonly application: EntraApplication;
  readonly idToken: string;
  /** What went wrong with the last call, if it had no good answer. */
  readonly obstacle?: Obstacle | undefined;
}

/**
 * The fault of an exchange that failed. It shows issuer, subject and audience of the ID token, never the token itself.
 */
export function exchangeRefusal(thrown: unknown, { application, idToken, obstacle }: Exchange): Fault {
  const answer = answerIn(thrown);
  const code = entraCode(answer);
  if (code === undefined) {
    const details = { clientId: application.clientId, obstacle: obstacle ?? { error: answer } };
    return entraFault('exchange-unanswered', details, { cause: thrown });
  }
  const name = refusals.find(({ codes }) => codes.test(code))?.name ?? 'exchange-refused';
  return entraFault(name, { application, claims: claimsOf(idToken), answer }, { cause: thrown });
}

/** The fault of an Azure CLI that gives no token. */
export function cliRefusal(thrown: unknown): Fault {
  const answer = answerIn(thrown);
  const cause = { cause: thrown };
  if (/Azure CLI could not be found/.test(answer)) return entraFault('azure-cli-missing', {}, cause);
  if (entraCode(answer) === 'AADSTS700024') return entraFault('azure-cli-session-ended', { answer }, cause);
  if (/az login/.test(answer)) return entraFault('azure-cli-not-signed-in', {}, cause);
  return entraFault('azure-cli-refused', { answer }, cause);
}

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const refusals = [
  // 700211 is about the issuer, 700212 the audience, 700213… the subject; 7002138 if only upper and lower case differ.
  { codes: /^AADSTS7002(1|11|12|13\d*)$/, name: 'id-token-not-trusted' },
  { codes: /^AADSTS700016$/, name: 'application-unknown' },
  { codes: /^AADSTS7000229$/, name: 'no-service-principal' },
  { codes: /^AADSTS(90002|900023|90013)$/, name: 'tenant-unknown' },
  { codes: /^AADSTS500011$/, name: 'iot-hub-unknown' },
  { codes: /^AADSTS700024$/, name: 'id-token-expired' },
] as const;

/** The claims are shown, not trusted: Entra checks the signature. */
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
    return {}; // Not a JWT. The fault then shows its claims as (none).
  }
}

function entraCode(answer: string): string | undefined {
  return /AADSTS\d+/.exec(answer)?.[0];
}

/** Entra's text without the ids that only Microsoft's support reads. */
function answerIn(thrown: unknown): string {
  const words = scrubbed(messageOf(thrown)).replace(/\s+/g, ' ').trim();
  const from = words.search(/AADSTS\d+/);
  return words
    .slice(Math.max(from, 0))
    .replace(/[ .]*(Trace ID|Correlation ID|Timestamp):.*$/, '')
    .slice(0, 400);
}
