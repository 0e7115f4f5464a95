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
  JobNotFound: { status: 404, number: 404002 },
  ModuleNotFound: { status: 404, number: 404010 },
  ConfigurationNotFound: { status: 404, number: 404301 },
  GenericNotFound: { status: 404, number: 404000 },
  GenericMethodNotAllowed: { status: 405, number: 405000 },
  DeviceAlreadyExists: { status: 409, number: 409001 },
  ConfigurationAlreadyExists: { status: 409, number: 409401 },
  ModuleAlreadyExistsOnDevice: { status: 409, number: 409301 },
  PreconditionFailed: { status: 412, number: 412001 },
  MessageTooLarge: { status: 413, number: 413001 },
  TooManyDevices: { status: 413, number: 413002 },
  TooManyModulesOnDevice: { status: 413, number: 413003 },
  ConfigurationCountLimitExceeded: { status: 413, number: 413101 },
  ThrottlingException: { status: 429, number: 429001 },
  ThrottlingBacklogTimeout: { status: 429, number: 429003 },
  ServerError: { status: 500, number: 500001 },
  ServiceUnavailable: { status: 503, number: 503001 },
  GatewayTimeout: { status: 504, number: 504101 },
} as const;

export type ErrorName = keyof typeof table;

/** Thrown for a call, or an entry of a bulk, that the service refuses. */
export class Refused extends Error {
  readonly code: ErrorName;

  constructor(code: ErrorName, text: string) {
    super(text);
    this.name = 'Refused';
    this.code = code;
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

/**
 * The JSON text of a refusal: `{"Message":"ErrorCode:X;text","ExceptionMessage":"Tracking ID:…"}`. A few calls have a
 * second form with the number (seen for modules that exist), or a third with the error of another part of the service
 * (seen for jobs).
 */
export function errorBody(code: string, text: string, requestId: string, now: number): string {
  const time = new Date(now).toISOString();
  const tracking = `${requestId.replaceAll('-', '')}-G:0-TimeStamp:`;
  if (code === 'ModuleAlreadyExistsOnDevice') {
    const timestampUtc = time.replace(/\.\d+/, '');
    return JSON.stringify({
      errorCode: table[code].number,
      message: text,
      trackingId: tracking + timestampUtc,
      timestampUtc,
    });
  }
  const stamp = `${time.slice(5, 7)}/${time.slice(8, 10)}/${time.slice(0, 4)} ${time.slice(11, 19)}`;
  if (code === 'JobQuotaExceeded' || code === 'BlobContainerValidationError') {
    const inner = `Error: ${table[code].status} ErrorCode: ${code}\nMessage: ${text}\nTimestamp: ${stamp}\nTracking ID: `;
    return JSON.stringify({ Message: `ErrorCode:${code};${inner}`, ExceptionMessage: '' });
  }
  return JSON.stringify({
    Message: `ErrorCode:${code};${text}`,
    ExceptionMessage: `Tracking ID:${tracking}${stamp}`,
  });
}
