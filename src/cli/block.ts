import { type Command, InvalidArgumentError } from 'commander';
import { BLOCK_FORMS, type Block, BlockLists, formOf, parseBlock } from '../bots/blocks.ts';
import { type Config, readConfig } from '../config.ts';
import { printLine } from './console.ts';
import { withQueue } from './queue.ts';

/**
 * `block add`, `block remove` and `block list`: the operator's block lists, which are stored with the queue.
 */
export function addBlock(program: Command): void {
  const block = program
    .command('block')
    .description('manage the users, servers, workspaces and channels that get no stories');
  block
    .command('add')
    .description('add blocks; running bots apply them within half a minute')
    .argument('<blocks...>', BLOCK_FORMS, blocks)
    .exitOverride()
    .action((added: Block[]) =>
      withLists(async (lists) => {
        for (const one of added) {
          await lists.add(one);
          printLine(`${formOf(one)} is blocked.`);
        }
      }),
    );
  block
    .command('remove')
    .description('remove blocks')
    .argument('<blocks...>', BLOCK_FORMS, blocks)
    .exitOverride()
    .action((removed: Block[]) =>
      withLists(async (lists, { blocked }) => {
        for (const one of removed) {
          const wasThere = await lists.remove(one);
          const isSet = blocked.some((other) => formOf(other) === formOf(one));
          if (isSet)
            printLine(
              `${formOf(one)} stays blocked by SCIFI_BLOCKED: remove it there, and restart the bots.`,
            );
          else
            printLine(wasThere ? `${formOf(one)} is no longer blocked.` : `${formOf(one)} was not blocked.`);
        }
      }),
    );
  block
    .command('list')
    .description('list the blocks of this command and of SCIFI_BLOCKED')
    .exitOverride()
    .action(() =>
      withLists(async (lists, { blocked }) => {
        const stored = (await lists.list(undefined, undefined)).map(formOf);
        for (const form of stored) printLine(form);
        for (const form of blocked.map(formOf)) printLine(`${form} (SCIFI_BLOCKED)`);
        if (stored.length + blocked.length === 0) printLine('Nothing is blocked.');
      }),
    );
}

/** Opens the lists, runs `act`, and closes them. */
async function withLists(act: (lists: BlockLists, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env);
  await withQueue(config, 'Or list the blocks in SCIFI_BLOCKED, and restart the bot.', async (connection) => {
    const lists = new BlockLists(connection, []);
    try {
      await lists.ready();
      await act(lists, config);
    } finally {
      await lists.close();
    }
  });
}

function blocks(text: string, before: Block[] = []): Block[] {
  const block = parseBlock(text);
  if (!block) throw new InvalidArgumentError(`Give one or more of ${BLOCK_FORMS}.`);
  return [...before, block];
}
