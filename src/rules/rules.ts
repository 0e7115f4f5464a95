import type { Finding, Subject } from '../model/finding.ts';
import { scrubbed } from '../model/secrets.ts';
import { certificateRules } from './certificate.ts';
import { configRules } from './config.ts';
import { deploymentRules } from './deployment.ts';
import { deploymentAdviceRules } from './deployment-advice.ts';
import { deploymentContentRules } from './deployment-content.ts';
import { deploymentHeldRules } from './deployment-held.ts';
import { deploymentRefusedRules } from './deployment-refused.ts';
import { deploymentRouteRules } from './deployment-route.ts';
import { deviceRules } from './device.ts';
import { hubRules } from './hub.ts';
import { manifestRules } from './manifest.ts';
import { planRules } from './plan.ts';
import type { Rule } from './rule.ts';
import { thumbprintRules } from './thumbprint.ts';

const table = {
  ...manifestRules,
  ...deviceRules,
  ...certificateRules,
  ...thumbprintRules,
  ...configRules,
  ...hubRules,
  ...planRules,
  ...deploymentRules,
  ...deploymentRefusedRules,
  ...deploymentRouteRules,
  ...deploymentHeldRules,
  ...deploymentContentRules,
  ...deploymentAdviceRules,
};

export type RuleName = keyof typeof table;
export type DetailsOf = { [Name in RuleName]: (typeof table)[Name] extends Rule<infer Details> ? Details : never };

/** All checks by their stable names. docs/rules.md is generated from this table. */
export const rules: { readonly [Name in RuleName]: Rule<DetailsOf[Name]> } = table;

export const ruleNames = Object.keys(table).filter(isRuleName);

function isRuleName(text: string): text is RuleName {
  return Object.hasOwn(table, text);
}

/** Tells whether one finding of this rule stands for all devices. */
export function isFleetwide(name: string): boolean {
  return isRuleName(name) && rules[name].fleetwide === true;
}

/** How much of the line at the place of a rule's finding people may see. */
export function lineShown(name: string): 'hidden' | 'key' | 'all' {
  if (!isRuleName(name)) return 'hidden';
  const { line = 'all', refusedBy } = rules[name];
  const ofSecrets = refusedBy.some((refuser) => refuser.who === 'this action' && refuser.since === 'secret');
  return ofSecrets ? 'hidden' : line;
}

/** Makes a finding of a rule. Findings are made only here, so that messages and severities are only in the table. */
export function finding<Name extends RuleName>(name: Name, details: DetailsOf[Name], subject: Subject): Finding {
  const row = rules[name];
  const commandFiles = row.commandFiles?.(details) ?? [];
  return {
    rule: name,
    severity: row.severity,
    ...(row.initially === undefined ? {} : { initially: row.initially }),
    message: scrubbed(shortened(row.message(details))),
    remedy: scrubbed(shortened(row.remedy(details))),
    ...(commandFiles.length === 0 ? {} : { commandFiles }),
    ...subject,
    ...(subject.device === undefined ? {} : { device: subject.device.slice(0, longestDevice) }),
    ...(subject.devices === undefined ? {} : { devices: subject.devices.map((id) => id.slice(0, longestDevice)) }),
  };
}

/** A text may quote what a manifest says, which may be a megabyte. */
function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

const longestText = 4_000;
/** An id has at most 128 characters. A text that is longer is none. */
const longestDevice = 140;
