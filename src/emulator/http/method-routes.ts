import { notOnline, wantedMethod } from '../devices/direct-method.ts';
import { moduleOf } from '../devices/module.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import type { Call } from './call.ts';

// No device connects to this hub, so a method that is asked for rightly is answered at once: the device is not online.

export function callMethod({ request, service, id }: Call): Outcome {
  wantedMethod(objectIn(request.body));
  service.registry.get(id);
  throw notOnline();
}

export function callModuleMethod({ request, service, id, moduleId }: Call): Outcome {
  wantedMethod(objectIn(request.body));
  moduleOf(service.registry.get(id), moduleId);
  throw notOnline();
}
