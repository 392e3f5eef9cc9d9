/** `/scifi-shelf`: what a channel has written together, as a list or as a book, and who is named with it. */
import { StoryError } from '../../errors.ts';
import { type ExportFormat, formatNamed } from '../../export/formats.ts';
import { contributionsTo } from '../../story/shelf.ts';
import { shelfBook } from '../shelf/shelf-book.ts';
import { leaderboard, PAGE, shelfPage } from '../shelf/wording.ts';
import { ASKED_A_MOMENT_AGO, bookFile, FORMAT_CHOICES, FORMATS, readFormat } from './book-file.ts';
import { type Caller, type Command, readOptions } from './command.ts';

type Naming = 'show' | 'join' | 'leave';

type ShelfOrder =
  | { readonly kind: 'list'; readonly page: number }
  | { readonly kind: 'book'; readonly format: ExportFormat }
  | { readonly kind: Naming };

const PAGE_MAX = 100;
const EMPTY =
  'This channel has not finished a story together yet. Start one with /scifi-vote or /scifi-relay; when it is over, it is listed here.';
const JOINED =
  'You are on the leaderboard of this channel from now on, with your name: stories that you started, rounds in which ' +
  'your choice won, and your lines in relays, each of which counts as a round. /scifi-shelf with “leave” takes you off again.';
const LEFT = 'You are not on the leaderboard of this channel, and what it had counted for you is deleted.';
const NO_USERS =
  'No user is on the leaderboard of this channel. It lists only users who want that: /scifi-shelf with “join” adds you.';

const NAMINGS: readonly Naming[] = ['show', 'join', 'leave'];

export const SHELF = {
  name: 'scifi-shelf',
  description: 'What this channel has written together, best first',
  options: [
    { type: 'whole', name: 'page', description: 'The page of the list; 1 by default', min: 1, max: PAGE_MAX },
    {
      type: 'text',
      name: 'format',
      description: 'Have the stories as a book of this format, for you alone',
      choices: FORMAT_CHOICES,
    },
    {
      type: 'text',
      name: 'leaderboard',
      description: 'Who has written with this channel; only users who have joined are listed',
      choices: [
        { name: 'see it', value: 'show' },
        { name: 'join it, with your name', value: 'join' },
        { name: 'leave it', value: 'leave' },
      ],
    },
  ],
  help: [
    'What this channel has written together, best first: reactions to a story move it up.',
    `\`/scifi-shelf\` lists it, \`/scifi-shelf 2\` shows the next page, \`/scifi-shelf epub\` sends you all of it as a ` +
      `book (${FORMATS}).`,
    '`/scifi-shelf leaderboard` shows who has written with this channel: only users who `join` are listed, until they `leave`.',
  ].join('\n'),
  fromOptions: ({ value }) => orderOf(value('page'), value('format'), value('leaderboard')),
  fromText(text) {
    const { options, rest } = readOptions(text.trim().split(/\s+/));
    const [word = ''] = rest.map((one) => one.toLowerCase());
    if (word === 'help') return undefined;
    const known = ['page', 'format', 'leaderboard'];
    const unknown = [...options.keys()].find((name) => !known.includes(name)) ?? rest[1];
    if (word === 'leaderboard') return orderOf(undefined, undefined, options.get('leaderboard') ?? 'show');
    const naming = NAMINGS.find((one) => one === word);
    const page = /^\d+$/.test(word) ? word : undefined;
    const format = word === '' || page || naming ? undefined : word;
    if (unknown !== undefined || (format && !formatNamed(format))) {
      throw new StoryError('bad_request', `I do not know ${unknown ?? format}. Type /scifi-shelf help.`);
    }
    return orderOf(
      options.get('page') ?? page,
      options.get('format') ?? format,
      options.get('leaderboard') ?? naming,
    );
  },
  permission: () => 'anyone',
  async run(order, caller, { bookCooldowns, models }) {
    const { shelf, platform, communityId, userId, person } = caller;
    switch (order.kind) {
      case 'list':
        return listed(order.page, caller);
      case 'join':
        await shelf.join({ userId, person, ...(communityId && { community: `${platform}:${communityId}` }) });
        return JOINED;
      case 'leave':
        await shelf.leave(person);
        return LEFT;
      case 'show': {
        const named = await shelf.named();
        return named.length === 0
          ? NO_USERS
          : leaderboard(contributionsTo(await shelf.stored(), named), platform);
      }
      case 'book': {
        if (!bookCooldowns.tryBegin(`${communityId}/${userId}`))
          throw new StoryError('busy', ASKED_A_MOMENT_AGO);
        const works = await shelf.works();
        const [first] = works;
        if (!first) throw new StoryError('not_found', EMPTY);
        const file = await bookFile(shelfBook(works, models), first.request.seed, order.format);
        const count = works.length === 1 ? 'one story' : `${works.length} stories`;
        return { text: `A book of ${count} that this channel has written together, best first.`, file };
      }
    }
  },
} as const satisfies Command<ShelfOrder>;

/** @throws StoryError `bad_request` with a sentence */
function orderOf(page: unknown, format: unknown, naming: unknown): ShelfOrder {
  if (naming !== undefined) {
    const kind = NAMINGS.find((one) => one === String(naming).toLowerCase());
    if (!kind) throw new StoryError('bad_request', 'Choose one of: show, join, leave.');
    return { kind };
  }
  if (format !== undefined) return { kind: 'book', format: readFormat(format) };
  const number = Number(page ?? 1);
  if (Number.isInteger(number) && number >= 1 && number <= PAGE_MAX) return { kind: 'list', page: number };
  throw new StoryError('bad_request', `The page is a whole number from 1 to ${PAGE_MAX}; got ${page}.`);
}

/** @throws StoryError with a sentence when there is no such page */
async function listed(page: number, { shelf, platform }: Caller): Promise<string> {
  const works = await shelf.works();
  if (works.length === 0) throw new StoryError('not_found', EMPTY);
  const shown = works.slice((page - 1) * PAGE, page * PAGE);
  if (shown.length === 0) {
    const pages = Math.ceil(works.length / PAGE);
    throw new StoryError('bad_request', `The list has ${pages === 1 ? 'one page' : `${pages} pages`}.`);
  }
  const linked = await Promise.all(shown.map(async (work) => ({ work, link: await shelf.linkTo(work) })));
  return shelfPage(linked, page, works.length, platform);
}
