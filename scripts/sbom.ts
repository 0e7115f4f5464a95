import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import parseExpression from 'spdx-expression-parse';
import type { BundledPackage } from './bundled.ts';

/**
 * The software bill of materials of `dist/`, as CycloneDX 1.6 in JSON. It has no time and no serial number, so that the same
 * sources give the same bytes.
 */
export function sbomOf(packages: readonly BundledPackage[]): string {
  const bom = new Models.Bom();
  const whole = componentIn('.', Enums.ComponentType.Application);
  bom.metadata.component = whole;
  // A version of a package that lies in two folders is one component.
  const parts = new Map(packages.map(({ name, version, folder }) => [`${name} ${version}`, folder]));
  for (const folder of parts.values()) {
    const component = componentIn(folder, Enums.ComponentType.Library);
    bom.components.add(component);
    whole.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

const licences = new Contrib.License.Factories.LicenseFactory(parseExpression);
const components = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  licences,
);

function componentIn(folder: string, type: Enums.ComponentType): Models.Component {
  const component = components.makeComponent(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), type);
  if (component === undefined) throw new Error(`${folder}/package.json has no name`);
  const { group, name, version } = component;
  component.purl = new PackageURL('npm', group, name, version, undefined, undefined).toString();
  component.bomRef.value = component.purl;
  // Pages and addresses stand in the registry, under this name and version.
  component.externalReferences.clear();
  component.properties.clear();
  return component;
}
