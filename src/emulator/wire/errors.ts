/**
 * The refusals of the service: HTTP status, name (in the header `iothub-errorcode` and the body), and the number in the
 * answers to bulks. The numbers are those of ErrorCode.cs in the service's C# SDK, or of
 * https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes; where neither has one, the status followed by 000.
 */
const table = {
  ArgumentInvalid: { status: 400, number: 400004 },
  ArgumentNull: { status: 400, number: 400005 },
  BlobContainerValidationError: { status: 400, number: 400008 },
  BulkRegistryOperationFailure: { status: 400, number: 400013 },
  DeserializationError: { status: 400, number: 400012 },
  DeviceDefinedMultipleTimes: { status: 400, number: 400011 },
  InvalidConfigurationTargetCondition: { status: 400, number: 400401 },
  InvalidConfigurationContent: { status: 400, number: 400402 },
  InvalidConfigurationCustomMetricsQuery: { status: 400, number: 400404 },
  InvalidOperation: { status: 400, number: 400003 },
  InvalidProtocolVersion: { status: 400, number: 400001 },
  IotHubUnauthorizedAccess: { status: 401, number: 401002 },
  IotHubUnauthorized: { status: 401, number: 401003 },
  IotHubQuotaExceeded: { status: 403, number: 403002 },
  JobQuotaExceeded: { status: 403, number: 403003 },
  DeviceNotFound: { status: 404, number: 404001 },
  DeviceNotOnline: { status: 404, number: 404103 },
  JobNotFound: { status: 404, number: 404002 },
  ModuleNotFound: { status: 404, number: 404010 },
  ConfigurationNotFound: { status: 404, number: 404301 },
  GenericNotFound: { status: 404, number: 404000 },
  GenericMethodNotAllowed: { status: 405, number: 405000 },
  OperationNotAllowedInCurrentState: { status: 405, number: 405000 },
  DeviceAlreadyExists: { status: 409, number: 409001 },
  JobAlreadyExists: { status: 409, number: 409000 },
  ConfigurationAlreadyExists: { status: 409, number: 409401 },
  ModuleAlreadyExistsOnDevice: { status: 409, number: 409301 },
  PreconditionFailed: { status: 412, number: 412001 },
  MessageTooLarge: { status: 413, number: 413001 },
  TooManyDevices: { status: 413, number: 413002 },
  TooManyModulesOnDevice: { status: 413, number: 413003 },
  ThrottlingMaxActiveJobCountExceeded: { status: 429, number: 429004 },
  ConfigurationCountLimitExceeded: { status: 413, number: 413101 },
  ThrottlingException: { status: 429, number: 429001 },
  ThrottlingBacklogTimeout: { status: 429, number: 429003 },
  ServerError: { status: 500, number: 500001 },
  NotImplemented: { status: 501, number: 501000 },
  ServiceUnavailable: { status: 503, number: 503001 },
  GatewayTimeout: { status: 504, number: 504101 },
} as const;

export type ErrorName = keyof typeof table;

/**
 * The shape of an error's body. `plain`: `{"Message":"ErrorCode:X;text","ExceptionMessage":"Tracking ID:…"}`. `numbered`:
 * with the number (seen for modules that exist). `job`: the error of another part of the service as text (seen for
 * jobs). `nested`: the same as JSON within `Message` (seen for direct methods, and for modules of a disabled device).
 */
export type ErrorForm = 'plain' | 'numbered' | 'job' | 'nested';

const forms: Readonly<Partial<Record<ErrorName, ErrorForm>>> = {
  ModuleAlreadyExistsOnDevice: 'numbered',
  JobQuotaExceeded: 'job',
  BlobContainerValidationError: 'job',
  DeviceNotOnline: 'nested',
};

/** Thrown for a call, or an entry of a bulk, that the service refuses. */
export class Refused extends Error {
  readonly code: ErrorName;
  readonly form: ErrorForm;

  constructor(code: ErrorName, text: string, form: ErrorForm = forms[code] ?? 'plain') {
    super(text);
    this.name = 'Refused';
    this.code = code;
    this.form = form;
  }

  get status(): number {
    return table[this.code].status;
  }

  get number(): number {
    return table[this.code].number;
  }
}

/** The refusal of a value that a client sent under this name. */
export function invalidValue(name: string, value: unknown): Refused {
  return new Refused('ArgumentInvalid', `The value '${shortened(value)}' of '${name}' is invalid.`);
}

/** A value that a client sent, short enough to repeat in an answer. */
export function shortened(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The HTTP status of the error of this name. */
export function statusOf(code: ErrorName): number {
  return table[code].status;
}

/** The JSON text of a refusal, in its form. */
export function errorBody({ code, message: text, form }: Refused, requestId: string, now: number): string {
  const time = new Date(now).toISOString();
  const stamp = `${time.slice(5, 7)}/${time.slice(8, 10)}/${time.slice(0, 4)} ${time.slice(11, 19)}`;
  const tracking = `Tracking ID:${trackingId(requestId)}${stamp}`;
  switch (form) {
    case 'plain':
      return JSON.stringify({ Message: `ErrorCode:${code};${text}`, ExceptionMessage: tracking });
    case 'numbered':
      return JSON.stringify(numbered(code, text, requestId, time));
    case 'nested': {
      const inner = { ...numbered(code, text, requestId, time), info: null };
      return JSON.stringify({ Message: JSON.stringify(inner), ExceptionMessage: '' });
    }
    case 'job': {
      const inner = `Error: ${table[code].status} ErrorCode: ${code}\nMessage: ${text}\nTimestamp: ${stamp}\nTracking ID: `;
      return JSON.stringify({ Message: `ErrorCode:${code};${inner}`, ExceptionMessage: '' });
    }
  }
}

function numbered(code: ErrorName, text: string, requestId: string, time: string): object {
  const timestampUtc = time.replace(/\.\d+/, '');
  return {
    errorCode: table[code].number,
    message: text,
    trackingId: trackingId(requestId) + timestampUtc,
    timestampUtc,
  };
}

function trackingId(requestId: string): string {
  return `${requestId.replaceAll('-', '')}-G:0-TimeStamp:`;
}
