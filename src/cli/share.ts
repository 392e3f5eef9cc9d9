import { type Command, InvalidArgumentError } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { StoryError } from '../errors.ts';
import type { Shares } from '../queue/shares.ts';
import { wholeText } from '../share/share.ts';
import { printLine } from './console.ts';
import { withQueue } from './queue.ts';

const REMEDY = 'Or delete the page on the board of the queues: docs/operations.md, “Shared stories”.';
const FORM = 'the address of its page, or the 27 characters at the end of that';
const ADDRESS = /^(?:\S*\bs\/)?([\w-]{27})(?:\/cover\.png)?\/?$/;

/** `share list` and `share delete`: the operator's way to take shared stories down. */
export function addShare(program: Command): void {
  const share = program.command('share').description('list and take down the pages of shared stories');
  share
    .command('list')
    .description('list the pages, the newest first')
    .exitOverride()
    .action(() =>
      withShares(async (shares, { publicUrl = '' }) => {
        let count = 0;
        for await (const [id, story] of shares.all()) {
          count += 1;
          const day = new Date(story.sharedAt).toISOString().slice(0, 10);
          const length = `${wholeText(story).length.toLocaleString('en')} characters`;
          const listed = story.isListed ? ', may be listed by search engines' : '';
          printLine(`${publicUrl}s/${id}  ${day}  ${length}${listed}`);
        }
        if (count === 0) printLine('No story is shared.');
      }),
    );
  share
    .command('delete')
    .description('take pages down, with their covers; they are gone at once, and are not shared again')
    .argument('<pages...>', FORM, ids)
    .exitOverride()
    .action((wanted: string[]) =>
      withShares(async (shares) => {
        const unknown: string[] = [];
        for (const id of wanted) {
          if (await shares.takeDown(id)) printLine(`${id} is deleted.`);
          else unknown.push(id);
        }
        if (unknown.length > 0) {
          throw new StoryError('not_found', `No story is shared as ${unknown.join(', ')} (any more).`);
        }
      }),
    );
}

/** Opens the shared stories, runs `act`, and closes them. */
async function withShares(act: (shares: Shares, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env);
  const { Shares } = await import('../queue/shares.ts');
  await withQueue(config, REMEDY, async (connection) => {
    const shares = new Shares(connection);
    try {
      await shares.ready();
      await act(shares, config);
    } finally {
      await shares.close();
    }
  });
}

function ids(text: string, before: string[] = []): string[] {
  const [, id] = ADDRESS.exec(text) ?? [];
  if (!id) throw new InvalidArgumentError(`Give ${FORM}.`);
  return [...before, id];
}
