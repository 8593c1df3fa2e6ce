/**
 * Fetches an artifact of Maven with all its dependencies, once, into `.cache/engines` of the project. The repositories are those of
 * Maven's own configuration. Two first uses at the same time both fetch, and the result of the first to end is kept: a directory that
 * exists is complete.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OmsError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';

const CACHE = new URL('../../.cache/engines/', import.meta.url).pathname;

export interface Artifact {
  group: string;
  name: string;
  version: string;
}

/** The directory with the jars. Throws `engine_unavailable`. */
export async function fetchJars(artifact: Artifact): Promise<string> {
  const directory = join(CACHE, `${artifact.name}-${artifact.version}`);
  if (existsSync(directory)) return directory;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, `${artifact.name}-fetching-`));
  try {
    const jars = join(work, 'jars');
    await writeFile(join(work, 'pom.xml'), projectWith(artifact));
    await promisify(execFile)(
      'mvn',
      ['--batch-mode', '--quiet', '--file', work, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
      { timeout: limits.engineFetchMs },
    );
    await rename(jars, directory).catch((error: NodeJS.ErrnoException) => {
      // Another first use was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return directory;
  } catch (error) {
    throw new OmsError(
      'engine_unavailable',
      `${artifact.name} ${artifact.version} cannot be fetched: ${whatFailed(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function whatFailed(error: unknown): string {
  const { code, message, stdout } = error as NodeJS.ErrnoException & { stdout?: string };
  if (code === 'ENOENT') return 'there is no `mvn` on the path: install Maven and a JDK (17 or newer)';
  return /^\[ERROR\] (.*)$/m.exec(stdout ?? '')?.[1] ?? message;
}

const projectWith = ({ group, name, version }: Artifact) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>oms</groupId>
  <artifactId>engine</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>${group}</groupId>
      <artifactId>${name}</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
