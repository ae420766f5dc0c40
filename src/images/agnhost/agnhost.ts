import type { Program, ProgramContext } from '../../cluster/runtime/types.ts';
import { connect } from './connect.ts';
import { dnsServerList, dnsSuffix, etcHosts } from './dns.ts';
import { FlagError } from './flags.ts';
import { grpcHealthChecking } from './grpc-health-checking.ts';
import { guestbook } from './guestbook.ts';
import { issuerDiscovery } from './issuer-discovery.ts';
import { liveness } from './liveness.ts';
import { logsGenerator } from './logs-generator.ts';
import { mounttest } from './mounttest.ts';
import { netexec } from './netexec/netexec.ts';
import { nettest } from './nettest.ts';
import { porter } from './porter.ts';
import { serveHostname } from './serve-hostname.ts';
import { entrypointTester, noNewPrivileges, pause } from './simple.ts';
import { testWebserver } from './test-webserver.ts';
import { conversionWebhook } from './webhook/conversion.ts';
import { webhook } from './webhook/webhook.ts';

/** What is behind a name: a program whose arguments begin behind that name. */
export type Subcommand = (context: ProgramContext, args: readonly string[]) => Promise<number> | number;

const subcommands: Readonly<Record<string, Subcommand>> = {
  connect,
  'crd-conversion-webhook': conversionWebhook,
  'dns-server-list': dnsServerList,
  'dns-suffix': dnsSuffix,
  'entrypoint-tester': entrypointTester,
  'etc-hosts': etcHosts,
  'grpc-health-checking': grpcHealthChecking,
  guestbook,
  liveness,
  'logs-generator': logsGenerator,
  mounttest,
  netexec,
  nettest,
  nonewprivs: noNewPrivileges,
  pause,
  porter,
  'serve-hostname': serveHostname,
  'test-service-account-issuer-discovery': issuerDiscovery,
  'test-webserver': testWebserver,
  webhook,
};

const MEMORY = 9 * 1024 * 1024;

/**
 * `/agnhost`: the program of Kubernetes' own tests, as far as these need it.
 * https://github.com/kubernetes/kubernetes/tree/master/test/images/agnhost
 */
export const agnhost: Program = async (context) => {
  const [, name, ...args] = context.args;
  if (name === undefined || name === '--help' || name === '-h') {
    const names = Object.keys(subcommands).map((each) => `  ${each}\n`);
    context.stdout.write(`Usage:\n  app [command]\n\nAvailable Commands:\n${names.join('')}`);
    return 0;
  }
  if (name === '--version') {
    context.stdout.write('app version 2.63.0\n');
    return 0;
  }
  const subcommand = subcommands[name];
  if (subcommand === undefined) {
    context.stderr.write(`Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.\n`);
    return 1;
  }
  context.memory.allocate(MEMORY);
  try {
    return await subcommand(context, args);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    context.stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
};
