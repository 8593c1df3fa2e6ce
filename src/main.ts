/** The command line: finds the command, runs it, exits. Each command is a file of `commands/`. */
import { untrusted } from './commands/untrusted.ts';
import { OmsError, withPath } from './errors.ts';

interface Command {
  /** One line per form, as printed by the help. */
  usage: string[];
  load(): Promise<{ run(args: string[]): Promise<number> }>;
}

const COMMANDS: Record<string, Command> = {
  start: {
    usage: [
      'oms start [--sample]                 run the service; --sample loads the sample into an empty one',
      'oms start --role api|worker|publisher|projector|finalizer',
      '                                     run some roles of it, by comma, beside processes with the others',
    ],
    load: () => import('./commands/start.ts'),
  },
  ingest: {
    usage: [
      'oms ingest FILE… [--dry-run]         ingest files and wait; --dry-run only says what would fail',
      'oms ingest FILE… --full-dry-run      a dry run: also says what would be a duplicate or out of stock',
      'oms ingest FILE… --format NAME       read them by a saved format',
      'oms ingest FILE… --sheet NAME        read this sheet of workbooks; by default the first one',
      'oms ingest FILE… --stop-at-invalid 100|5%',
      '                                     pause a file at so many invalid rows, or at such a share of them',
    ],
    load: () => import('./commands/ingest.ts'),
  },
  preview: {
    usage: [
      'oms preview FILE [--format NAME] [--encoding LABEL] [--sheet NAME] [--json]',
      '                                     what a file is, which format fits it, how its first rows would be read',
    ],
    load: () => import('./commands/preview.ts'),
  },
  stock: {
    usage: ['oms stock import FILE                set stock from a CSV of sku,hub_id,available'],
    load: () => import('./commands/stock.ts'),
  },
  formats: {
    usage: [
      'oms formats list|show NAME|put FILE…|delete NAME… [--json]',
      '                                     how the files of senders are read; FILE has a format as JSON',
    ],
    load: () => import('./commands/formats.ts'),
  },
  files: {
    usage: [
      'oms files pause|resume|cancel|retry|run ID… [--json]',
      '                                     files of the running service',
    ],
    load: () => import('./commands/files.ts'),
  },
  orders: {
    usage: [
      'oms orders list [--status S] [--q TEXT] [--limit N|all] [--json|--ids] …',
      '                                     orders of the running service, newest first, by the filters of the API',
      'oms orders show|history [ID…] [--json]',
      '                                     what orders are, and what happened to them',
      'oms orders set-status STATUS [ID…] [--reason R] [--if-version N]',
      'oms orders cancel [ID…] [--reason R] [--if-version N]',
      'oms orders delete [ID…] [--if-version N]',
      '                                     change orders; without an ID, those of standard input, one per line',
    ],
    load: () => import('./commands/orders.ts'),
  },
  keys: {
    usage: [
      'oms keys create --name N --role viewer|operator|admin [--scopes S,…] [--hubs H,…] [--expires TIME] [--json]',
      '                                     a key for a program, printed once',
      'oms keys list [--json]               all keys, without their secrets',
      'oms keys revoke ID…                  end keys, within seconds',
      'oms keys rotate ID [--valid-for SECONDS] [--json]',
      '                                     a new secret; the old one is taken for a day more, or as long as said',
    ],
    load: () => import('./commands/keys.ts'),
  },
  users: {
    usage: [
      'oms users add EMAIL --role customer|viewer|operator|admin [--scopes S,…] [--hubs H,…] [--verified] [--json]',
      '                                     a user; the password is asked for, or read from standard input, or made',
      'oms users list [--json]              all users',
      'oms users role EMAIL ROLE [--scopes S,…|all] [--hubs H,…|all] [--json]',
      'oms users disable|enable EMAIL…      sign users out and keep them out, or let them in again',
      'oms users reset EMAIL [--json]       a new password, printed once',
    ],
    load: () => import('./commands/users.ts'),
  },
  erase: {
    usage: [
      'oms erase --email E --yes [--json]   take a person out of all orders, uploads and reports; waits until it is done',
    ],
    load: () => import('./commands/erase.ts'),
  },
  stress: {
    usage: [
      'oms stress [--num 1000] [--batch 1] [--concurrency 50] [--sku S] [--hub H] [--stock N]',
      '                                     many clients order one product; checks that exactly its stock was sold',
    ],
    load: () => import('./commands/stress.ts'),
  },
  generate: {
    usage: [
      'oms generate --rows N [--invalid 5%] [--seed 1] [--ids ordered|random]',
      '                                     an order file on standard output',
      'oms generate --stock | --catalog     the stock, or the catalog, that such a file is about',
    ],
    load: () => import('./commands/generate.ts'),
  },
  doctor: {
    usage: ['oms doctor                           which adapter each port has, and whether it answers'],
    load: () => import('./commands/doctor.ts'),
  },
  ims: {
    usage: ['oms ims                              run only the reference IMS, for services that run elsewhere'],
    load: () => import('./commands/ims.ts'),
  },
  decide: {
    usage: [
      'oms decide [--port 8082] [--cancel-over AMOUNT] [--hold-over AMOUNT] [--hold-seconds 60]',
      '                                     run the reference decision service, for OMS_FINALIZER=http://…',
    ],
    load: () => import('./commands/decide.ts'),
  },
  verify: {
    usage: ['oms verify [--json]                  check that nothing was lost or doubled, over the whole store'],
    load: () => import('./commands/verify.ts'),
  },
  report: {
    usage: [
      'oms report [--by day|month|customer|product|hub|status] [--from DAY] [--to DAY] [--csv|--json]',
      '                                     orders, units and amount, of the running service; --to is the day behind the last',
    ],
    load: () => import('./commands/report.ts'),
  },
  rebuild: {
    usage: ['oms rebuild                          make customers, products and reports anew from all orders'],
    load: () => import('./commands/rebuild.ts'),
  },
  redrive: {
    usage: ['oms redrive                          bring back the files, and the orders, that were given up'],
    load: () => import('./commands/redrive.ts'),
  },
  upgrade: {
    usage: ['oms upgrade finish                   no process of an earlier release is left on a shared order store'],
    load: () => import('./commands/upgrade.ts'),
  },
};

const HELP = `usage:\n${Object.values(COMMANDS)
  .flatMap(({ usage }) => usage.map((line) => `  ${line}`))
  .join('\n')}\n\nsettings: environment variables OMS_…, see docs/configuration.md\n`;

const EXIT_FAILED = 1;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return name === undefined ? EXIT_FAILED : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    process.stderr.write(`oms: there is no command "${name}"\n\n${HELP}`);
    return EXIT_FAILED;
  }
  try {
    return await (await command.load()).run(args);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`oms ${name}: ${(error as Error).message}\n\nusage:\n  ${command.usage.join('\n  ')}\n`);
      return EXIT_FAILED;
    }
    const known = error instanceof OmsError ? error : untrusted(error);
    if (known === null) throw error;
    for (const line of withPath(known).split('\n')) process.stderr.write(`oms ${name}: ${line}\n`);
    return EXIT_FAILED;
  }
}

// A reader that closes early, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
