import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const artifact = { group: 'com.microsoft.azure.sdk.iot', id: 'iot-service-client', version: '2.1.8' };
const folder = join(import.meta.dirname, '../../node_modules/.cache/java', `${artifact.id}-${artifact.version}`);
const libraries = join(folder, 'lib');
const complete = join(folder, 'complete');

/**
 * The class path of Microsoft's service client for Java. Maven fetches it once, into node_modules/.cache. Undefined if there is no JDK
 * or no Maven, or if Maven cannot reach its repository.
 */
export function serviceClientForJava(): string | undefined {
  const classPath = join(libraries, '*');
  if (!succeeds('javac', ['-version']) || !succeeds('keytool', ['-help'])) return undefined;
  if (existsSync(complete)) return classPath;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pom.xml'), project);
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${libraries}`, '-DincludeScope=runtime'];
  if (!succeeds('mvn', ['--quiet', '--batch-mode', '--file', folder, ...copy])) return undefined;
  writeFileSync(complete, '');
  return classPath;
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId>
  <artifactId>tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>${artifact.group}</groupId>
      <artifactId>${artifact.id}</artifactId>
      <version>${artifact.version}</version>
    </dependency>
  </dependencies>
</project>
`;

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 300_000 }).status === 0;
}
