import type { Identity, Module } from '../devices/identity.ts';
import type { Section, TwinState } from '../twins/twin-state.ts';
import { isJsonObject } from '../wire/json.ts';

/** Writes devices so that desired properties which many twins share are in the file once. */
export interface SharedSections {
  /** The line of a device, after those that it refers to and that are not in the file yet. */
  lines(identity: Identity): string;
}

/** Which configurations target a twin is not kept: JSON leaves out what is undefined. */
export function sharedSections(): SharedSections {
  const numbers = new Map<Section, number>();
  return {
    lines(identity) {
      let before = '';
      const numberOf = (section: Section): number => {
        const known = numbers.get(section);
        if (known !== undefined) return known;
        const number = numbers.size + 1;
        numbers.set(section, number);
        before += `${JSON.stringify({ section: number, value: section })}\n`;
        return number;
      };
      const device = {
        ...identity,
        configurations: undefined,
        ...twinOf(identity, numberOf),
        ...(identity.modules === undefined
          ? {}
          : { modules: identity.modules.map((each) => moduleOf(each, numberOf)) }),
      };
      const line = `${JSON.stringify({ device })}\n`;
      return before + line;
    },
  };
}

function moduleOf(module: Module, numberOf: (section: Section) => number): object {
  return { ...module, configurations: undefined, ...twinOf(module, numberOf) };
}

function twinOf({ twin }: { readonly twin?: TwinState }, numberOf: (section: Section) => number): object {
  if (twin?.desired?.shared !== true) return {};
  return { twin: { ...twin, desired: numberOf(twin.desired) } };
}

/** The device of a line, with the sections in place of their numbers. Anything else stays as it is. */
export function withSections(device: unknown, sections: ReadonlyMap<number, Section>): unknown {
  if (!isJsonObject(device)) return device;
  const { modules } = device;
  return {
    ...device,
    ...resolved(device.twin, sections),
    ...(Array.isArray(modules)
      ? { modules: modules.map((each) => (isJsonObject(each) ? { ...each, ...resolved(each.twin, sections) } : each)) }
      : {}),
  };
}

/** A number that no line has given stays, and makes the line invalid. */
function resolved(twin: unknown, sections: ReadonlyMap<number, Section>): object {
  if (!isJsonObject(twin) || typeof twin.desired !== 'number') return {};
  return { twin: { ...twin, desired: sections.get(twin.desired) ?? twin.desired } };
}

export function isSection(value: unknown): value is Section {
  return (
    isJsonObject(value) &&
    isJsonObject(value.values) &&
    isJsonObject(value.metadata) &&
    Number.isSafeInteger(value.version)
  );
}
