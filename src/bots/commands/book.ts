/** `/scifi-book`: the best stories of a channel as a file. */
import { StoryError } from '../../errors.ts';
import type { ExportFormat } from '../../export/formats.ts';
import { channelBook } from '../channel-book.ts';
import { slackEscaping } from '../text.ts';
import { ASKED_A_MOMENT_AGO, bookFile, FORMAT_CHOICES, FORMATS, readFormat } from './book-file.ts';
import { type Command, readOptions } from './command.ts';

interface BookOrder {
  readonly format: ExportFormat;
  readonly most: number;
}

/** Stories in one book. */
const STORIES = { min: 1, max: 50, default: 20 } as const;
const HOUR_MS = 3_600_000;

/** @throws StoryError `bad_request` with a sentence */
function orderOf(format: unknown, most: unknown): BookOrder {
  const chosen = format === undefined ? 'epub' : readFormat(format);
  const count = most === undefined ? STORIES.default : Number(most);
  if (!Number.isInteger(count) || count < STORIES.min || count > STORIES.max) {
    const range = `from ${STORIES.min} to ${STORIES.max}`;
    throw new StoryError('bad_request', `A book has a whole number of stories, ${range}; got ${most}.`);
  }
  return { format: chosen, most: count };
}

export const BOOK = {
  name: 'scifi-book',
  description: 'The best stories of this channel as a book, for you alone',
  options: [
    {
      type: 'text',
      name: 'format',
      description: 'The file that you get; epub by default',
      choices: FORMAT_CHOICES,
    },
    {
      type: 'whole',
      name: 'stories',
      description: `The most stories in it; ${STORIES.default} by default`,
      min: STORIES.min,
      max: STORIES.max,
    },
  ],
  help:
    'The best stories of this channel as a book, which I send to you alone. `/scifi-book` sends an EPUB; ' +
    `\`/scifi-book html stories=5\` sends another format and at most five stories. Formats: ${FORMATS}.`,
  fromOptions: ({ value }) => orderOf(value('format'), value('stories')),
  fromText(text) {
    const { options, rest } = readOptions(text.trim().split(/\s+/));
    const [first, ...others] = rest;
    if (first?.toLowerCase() === 'help') return undefined;
    const unknown = [...options.keys()].find((name) => name !== 'format' && name !== 'stories') ?? others[0];
    if (unknown !== undefined) {
      throw new StoryError('bad_request', `I do not know ${unknown}. Type /scifi-book help.`);
    }
    return orderOf(options.get('format') ?? first, options.get('stories'));
  },
  permission: () => 'anyone',
  async run(
    { format, most },
    { platform, communityId, userId, keptStories },
    { bookCooldowns, models, privacy },
  ) {
    // Each book reads the queue.
    if (!bookCooldowns.tryBegin(`${communityId}/${userId}`)) throw new StoryError('busy', ASKED_A_MOMENT_AGO);
    const hours = Math.round(privacy.retentionMs / HOUR_MS);
    const kept = `I keep stories for ${hours === 1 ? 'an hour' : `${hours.toLocaleString('en')} hours`}`;
    const found = channelBook(await keptStories(), most, models);
    if (!found) {
      throw new StoryError('not_found', `There is no finished story of this channel: ${kept}. Use /scifi.`);
    }
    const { book, available, seed } = found;
    const file = await bookFile(book, seed, format);
    const count = book.stories.length === 1 ? 'one story' : `${book.stories.length} stories`;
    const choice =
      available > book.stories.length
        ? ` of ${available}: those that were continued most often, then the newest`
        : '';
    const sentence = `A book of ${count} of this channel${choice}. ${kept}.`;
    return { text: platform === 'slack' ? slackEscaping.escape(sentence) : sentence, file };
  },
} as const satisfies Command<BookOrder>;
