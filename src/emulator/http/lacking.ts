import { pathForm } from './path-form.ts';

/** A call that the service has and this hub does not. */
interface Lack {
  readonly call: string;
  readonly what: string;
}

const twins = 'digital twins';
const messages = 'messages: no device connects to it';

/** docs/embedded-hub.md lists the same calls. */
export const lacking: readonly Lack[] = [
  { call: 'GET /digitaltwins/{id}', what: twins },
  { call: 'PATCH /digitaltwins/{id}', what: twins },
  { call: 'POST /digitaltwins/{id}/commands/{commandName}', what: twins },
  { call: 'POST /digitaltwins/{id}/components/{componentPath}/commands/{commandName}', what: twins },
  { call: 'DELETE /devices/{id}/commands', what: messages },
  { call: 'GET /messages/serviceBound/feedback', what: messages },
  { call: 'DELETE /messages/serviceBound/feedback/{lockToken}', what: messages },
  { call: 'POST /messages/serviceBound/feedback/{lockToken}/abandon', what: messages },
  { call: 'POST /devices/{id}/messages/events', what: messages },
  { call: 'GET /devices/{id}/messages/deviceBound', what: messages },
  { call: 'DELETE /devices/{id}/messages/deviceBound/{lockToken}', what: messages },
  { call: 'POST /devices/{id}/messages/deviceBound/{lockToken}/abandon', what: messages },
  { call: 'POST /devices/{id}/modules/{mid}/messages/events', what: messages },
  // Newer than the service's REST description of 2021-04-12. The Azure CLI renews keys by it.
  { call: 'POST /devices/keys/regenerate', what: 'new keys in bulk' },
  { call: 'POST /devices/{id}/files', what: 'file uploads' },
  { call: 'POST /devices/{id}/files/notifications', what: 'file uploads' },
];

const forms = lacking.map((lack) => {
  const [method, path = ''] = lack.call.split(' ');
  return { ...lack, method, form: pathForm(path) };
});

/** What this hub lacks at this path. */
export function lackAt(method: string, path: string): Lack | undefined {
  return forms.find((one) => one.method === method && one.form.test(path.replace(/\/$/, '')));
}

/** The words for a client, which mostly shows only them. */
export function lackText({ call, what }: Lack): string {
  return `This is the embedded hub of provision-iot-edge, not Azure. It does not have ${what} (${call}).`;
}
