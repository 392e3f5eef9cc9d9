/** Sentences about the shelf that every platform uses, in the platform's markup. Pure. */
import { type Contribution, type Highlights, titleOf, votesIn, type Work } from '../../story/shelf.ts';
import { votesName } from '../../story/wording.ts';
import type { BlockPlatform } from '../blocks.ts';
import { clean, discordEscaping, slackEscaping } from '../text.ts';

/** Works on one page of the list: a message on Discord has room for them. */
export const PAGE = 7;
/** Characters of a quoted text in a digest: the first of these with which it fits into a message. */
const QUOTED_MAX = [300, 200, 120, 60];
/** Characters of a message: Discord's limit is 2,000. */
const MESSAGE_MAX = 1_950;

/** A platform's markup. */
interface Markup {
  /** Makes every character of a text literal. */
  literal(text: string): string;
  bold(marked: string): string;
  small(marked: string): string;
  link(address: string, marked: string): string;
  /** A day, in every reader's own time zone where the platform has that. */
  day(ms: number): string;
  user(id: string): string;
}

const MARKUPS: Readonly<Record<BlockPlatform, Markup>> = {
  discord: {
    literal: (text) => discordEscaping.escape(clean(text)),
    bold: (marked) => `**${marked}**`,
    small: (marked) => `-# ${marked}`,
    link: (address, marked) => `[${marked}](<${address}>)`,
    day: (ms) => `<t:${Math.floor(ms / 1_000)}:D>`,
    user: (id) => `<@${id}>`,
  },
  slack: {
    literal: (text) => slackLiteral(clean(text)),
    bold: (marked) => `*${marked}*`,
    small: (marked) => `_${marked}_`,
    link: (address, marked) => `<${address}|${marked}>`,
    day: (ms) => `<!date^${Math.floor(ms / 1_000)}^{date_short}|${new Date(ms).toISOString().slice(0, 10)}>`,
    user: (id) => `<@${id}>`,
  },
};

/** An invisible space, which takes the effect from a character of Slack's markup. */
const NO_WIDTH = '\u200b';

function slackLiteral(text: string): string {
  return slackEscaping.escape(text).replace(/[*_~`]/g, `${NO_WIDTH}$&${NO_WIDTH}`);
}

/** A work and its address, where it has one. */
export interface Linked {
  readonly work: Work;
  readonly link: string | undefined;
}

/**
 * One page of the list.
 *
 * @param works of this page
 * @param page from 1 on
 * @param total works on the whole shelf
 */
export function shelfPage(
  works: readonly Linked[],
  page: number,
  total: number,
  platform: BlockPlatform,
): string {
  const markup = MARKUPS[platform];
  const pages = Math.ceil(total / PAGE);
  const lines = works.map(({ work, link }, index) => {
    const reactions = work.reactions?.count ?? 0;
    const liked = reactions === 0 ? '' : reactionsName(reactions);
    const facts = [liked, votesPart(work), markup.day(work.finishedAt)].filter(Boolean);
    return `${(page - 1) * PAGE + index + 1}. ${titleLine(work, link, markup)} · ${facts.join(' · ')}`;
  });
  const count = total === 1 ? '1 story' : `${total} stories`;
  const more = pages > 1 ? [`Page ${page} of ${pages}.`] : [];
  const next = page < pages ? [`\`/scifi-shelf ${nextPage(platform, page + 1)}\` shows more.`] : [];
  const hint = [...more, ...next, 'React to a story to move it up.'].join(' ');
  return [markup.bold(`What this channel has written: ${count}`), ...lines, hint].join('\n');
}

function nextPage(platform: BlockPlatform, page: number): string {
  return platform === 'discord' ? `page:${page}` : String(page);
}

function titleLine(work: Work, link: string | undefined, markup: Markup): string {
  const title = markup.literal(titleOf(work));
  return link ? markup.link(link, title) : markup.bold(title);
}

function reactionsName(count: number): string {
  return count === 1 ? '1 reaction' : `${count.toLocaleString('en')} reactions`;
}

function votesPart(work: Work): string {
  const votes = votesIn(work);
  return votes === 0 ? '' : votesName(votes);
}

/** The leaderboard of a channel. */
export function leaderboard(contributions: readonly Contribution[], platform: BlockPlatform): string {
  const markup = MARKUPS[platform];
  const lines = contributions.slice(0, LEADERS_SHOWN).map(({ userId, contributed, hosted }, index) => {
    const wins = contributed === 1 ? '1 winning vote or line' : `${contributed} winning votes and lines`;
    const hosts = hosted === 1 ? '1 story started' : `${hosted} stories started`;
    return `${index + 1}. ${markup.user(userId)} · ${wins} · ${hosts}`;
  });
  const title = markup.bold('Who has written with this channel');
  return [title, ...lines, 'Only users who have joined are listed.'].join('\n');
}

const LEADERS_SHOWN = 20;

/**
 * The digest of a week.
 *
 * @param linkOf the address of each work, by its id
 */
export function digestText(
  best: Highlights,
  count: number,
  linkOf: ReadonlyMap<string, string>,
  platform: BlockPlatform,
): string {
  const texts = QUOTED_MAX.map((max) => digestWith(best, count, linkOf, platform, max));
  return texts.find(({ length }) => length <= MESSAGE_MAX) ?? texts.at(-1)!;
}

function digestWith(
  { opening, line, fork }: Highlights,
  count: number,
  linkOf: ReadonlyMap<string, string>,
  platform: BlockPlatform,
  max: number,
): string {
  const markup = MARKUPS[platform];
  const from = (work: Work) => titleLine(work, linkOf.get(work.id), markup);
  const quoted = (text: string) => `“${markup.literal(cut(text, max))}”`;
  const stories = count === 1 ? '1 story' : `${count} stories`;
  const parts = [
    markup.bold(`This channel wrote ${stories} last week`),
    `${markup.bold('The best opening')}, of ${from(opening.work)}\n${quoted(opening.text)}`,
  ];
  if (line) {
    const count = line.of === 'votes' ? votesName(line.count) : reactionsName(line.count);
    parts.push(`${markup.bold('The best line')}, of ${from(line.work)}, with ${count}\n${quoted(line.text)}`);
  }
  if (fork) {
    const { choices, counts, winner } = fork.fork;
    const lines = choices.map((choice, index) => {
      const text = `${quoted(choice)} · ${votesName(counts[index] ?? 0)}`;
      return `${index + 1}. ${index === winner ? `${text} · it won` : text}`;
    });
    const title = `${markup.bold('The most voted fork')}, of ${from(fork.work)}, with ${votesName(fork.votes)}`;
    parts.push([title, ...lines].join('\n'));
  }
  parts.push(markup.small('/scifi-shelf lists all stories of this channel.'));
  return parts.join('\n\n');
}

function cut(text: string, max: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= max) return line;
  const end = line.lastIndexOf(' ', max);
  return `${line.slice(0, end > 0 ? end : max)}…`;
}
