import { invalidValue, Refused } from '../wire/errors.ts';
import { type JsonObject, property } from '../wire/json.ts';

/** A direct method that a client wants to call on a device or a module. */
export interface DirectMethod {
  readonly methodName: string;
  readonly payload: unknown;
  /** Seconds. */
  readonly responseTimeoutInSeconds: number;
  readonly connectTimeoutInSeconds: number;
}

/** https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-direct-methods */
const limits = { shortestResponse: 5, longest: 300, response: 30, payloadBytes: 128 * 1024 } as const;

/** Reads the body of a call. Throws `Refused` if the service would answer 400. */
export function wantedMethod(body: JsonObject): DirectMethod {
  const methodName = property(body, 'methodName');
  if (methodName === undefined || methodName === null) throw new Refused('ArgumentNull', 'methodName is missing.');
  if (typeof methodName !== 'string' || methodName === '') throw invalidValue('methodName', methodName);
  const payload = property(body, 'payload') ?? null;
  if (Buffer.byteLength(JSON.stringify(payload)) > limits.payloadBytes) {
    throw new Refused('ArgumentInvalid', `The payload is larger than ${limits.payloadBytes} bytes.`);
  }
  const response = seconds(body, 'responseTimeoutInSeconds', limits.shortestResponse, limits.response);
  const connect = seconds(body, 'connectTimeoutInSeconds', 0, 0);
  if (connect > response) {
    const text = `Device connection timeout '${connect}' cannot be longer than an overall call timeout '${response}'.`;
    throw new Refused('ArgumentInvalid', text);
  }
  return { methodName, payload, responseTimeoutInSeconds: response, connectTimeoutInSeconds: connect };
}

function seconds(body: JsonObject, name: string, least: number, otherwise: number): number {
  const given = property(body, name) ?? otherwise;
  // The Azure CLI sends its numbers as texts.
  const value = typeof given === 'string' && /^\d{1,3}$/.test(given) ? Number(given) : given;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= limits.longest) return value;
  throw invalidValue(name, value);
}

/** The refusal of every direct method, since no device connects to this hub. The words are recorded. */
export function notOnline(): Refused {
  return new Refused(
    'DeviceNotOnline',
    "The operation failed because the requested device isn't online. To learn more, see https://aka.ms/iothub404103",
  );
}
