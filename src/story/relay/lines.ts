/** How lines of users join a relay, and how they are mended and taken out. Pure. */
import { hasSlur } from '../filter/find.ts';
import { endOf, jointBefore } from '../variations.ts';
import {
  type Author,
  closeIfFull,
  lineText,
  RELAY_BOUNDS,
  type Relay,
  type RelayLine,
  textOf,
} from './relay.ts';
import { joined, mayWrite, nextAuthor } from './turns.ts';

/** A message is in the thread that is read at this age, at the latest. */
const VISIBLE_MS = 60_000;
/** Characters of the story in which the beginning of a word is looked for. */
const WORD_MAX = 60;
/** Ids of messages that are no lines; the oldest are dropped. */
const OTHERS_MAX = 500;

/** A message of a user in the relay's thread. */
export interface Heard {
  /** Ids of later messages are greater, by `isLater`. */
  readonly id: string;
  /** When it was posted, in ms since 1970. */
  readonly at: number;
  readonly author: Author;
  /** The words; undefined when there are none. */
  readonly text: string | undefined;
  /** Whether a block applies to its author: it is no line, but a line that was posted before the block stays. */
  readonly isBlocked?: boolean;
}

export type Judgement =
  | { readonly is: 'line' }
  /** It was judged before, as with an event that is delivered twice. */
  | { readonly is: 'known' }
  | { readonly is: 'no line' | 'too long' | 'declined' }
  | { readonly is: 'too soon' }
  /** `isFirst`: the user has not been told yet. `next`: the user whose turn it is. */
  | { readonly is: 'out of turn'; readonly isFirst: boolean; readonly next: Author | undefined }
  | { readonly is: 'over' };

/** Judges a message of a user, and adds its line where it is one. */
export function hear(relay: Relay, heard: Heard): { readonly relay: Relay; readonly judgement: Judgement } {
  const { id, at, author, text, isBlocked = false } = heard;
  if (isKnown(relay, id)) return { relay, judgement: { is: 'known' } };
  const isLate = relay.phase === 'closing' && at > (relay.closedAt ?? 0);
  if (relay.phase === 'over' || isLate) return { relay, judgement: { is: 'over' } };
  const problem = isBlocked ? 'no line' : problemWith(text, textOf(relay));
  if (problem) return { relay: without(relay, id), judgement: { is: problem } };
  const own = relay.lines.filter(({ by }) => by === author.key);
  if (!mayWrite(relay, author.key, at)) {
    const { told } = relay;
    const isFirst = !told.includes(author.key);
    const next = without(isFirst ? { ...relay, told: [...told, author.key] } : relay, id);
    return { relay: next, judgement: { is: 'out of turn', isFirst, next: nextAuthor(relay) } };
  }
  if (own.some((line) => Math.abs(at - line.at) < relay.cooldownMs)) {
    return { relay: without(relay, id), judgement: { is: 'too soon' } };
  }
  const added = insert(relay, { text: lineText(text!), at, by: author.key, message: id }, author);
  return { relay: added, judgement: { is: 'line' } };
}

/**
 * Mends an edited line; without words that may join the story, or when a block applies to its author, the line is taken
 * out.
 */
export function mend(relay: Relay, id: string, text: string | undefined, isBlocked = false): Relay {
  const index = relay.lines.findIndex(({ message }) => message === id);
  const line = relay.lines[index];
  if (!line || line.by === undefined || relay.phase === 'over') return relay;
  const next = lineText(text ?? '');
  if (next === line.text) return relay;
  const [before, after] = [relay.lines.slice(0, index), relay.lines.slice(index + 1)];
  if (isBlocked || problemWith(text, textOf({ lines: before }), textOf({ lines: after })))
    return strike(relay, id);
  return {
    ...relay,
    lines: relay.lines.with(index, { ...line, text: next }),
    revision: relay.revision + 1,
  };
}

/** Takes the line of a deleted message out. An event of its posting that arrives later does not bring it back. */
export function strike(relay: Relay, id: string): Relay {
  if (relay.phase === 'over' || relay.others.includes(id)) return relay;
  const index = relay.lines.findIndex(({ message }) => message === id);
  const next = without(relay, id);
  if (index < 0) return next;
  const answered = relay.lines.findLastIndex(({ by }) => by === undefined);
  const isUnanswered = relay.lines[index]!.by !== undefined && index > answered;
  return {
    ...next,
    lines: relay.lines.toSpliced(index, 1),
    unanswered: Math.max(0, relay.unanswered - (isUnanswered ? 1 : 0)),
    revision: relay.revision + 1,
  };
}

/** The messages of a relay's thread at one time. */
export interface ThreadSnapshot {
  /** All messages of users, oldest first. */
  readonly heard: readonly Heard[];
  /** The ids of the bot's messages. */
  readonly own: ReadonlySet<string>;
  /** When it was taken, in ms since 1970. */
  readonly at: number;
}

/**
 * Makes up for events that were missed.
 *
 * @param before the relay before the snapshot was taken: what has changed since then is newer than the snapshot
 */
export function reconcile(relay: Relay, { heard, own, at }: ThreadSnapshot, before: Relay): Relay {
  const messages = new Map(heard.map((one) => [one.id, one]));
  const newest = [...messages.keys(), ...own].reduce((a, b) => (isLater(b, a) ? b : a), '');
  let next = relay;
  for (const { message, by, text, at: postedAt } of before.lines) {
    const isUnchanged = relay.lines.some((line) => line.message === message && line.text === text);
    if (message === undefined || !isUnchanged) continue;
    const there = messages.get(message);
    const isThere = by === undefined ? own.has(message) : there !== undefined;
    // A platform may report a message a moment before it is in the thread that is read.
    const isNew = isLater(message, newest) && at - postedAt < VISIBLE_MS;
    if (isThere) next = mend(next, message, there?.text, there?.isBlocked);
    else if (!isNew) next = strike(next, message);
  }
  for (const one of heard) next = hear(next, one).relay;
  return next;
}

/** Whether a message came after another: ids are numbers of growing size, with the same number of decimals. */
export function isLater(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length;
}

/** Why words are no line between the story before and the story after them. */
function problemWith(
  text: string | undefined,
  before: string,
  after = '',
): 'no line' | 'too long' | 'declined' | undefined {
  if (text === undefined || lineText(text) === '') return 'no line';
  if (text.length > RELAY_BOUNDS.line.max) return 'too long';
  // A word may be spread over several lines.
  const parts = [endOf(before, WORD_MAX), text, after.slice(0, WORD_MAX)];
  const joint = parts.reduce((whole, part) => whole + jointBefore(part, whole) + part);
  return hasSlur(joint) ? 'declined' : undefined;
}

function isKnown({ lines, others }: Relay, id: string): boolean {
  return others.includes(id) || lines.some(({ message }) => message === id);
}

/** Records a message that is no line. */
function without(relay: Relay, id: string): Relay {
  return { ...relay, others: [...relay.others, id].slice(-OTHERS_MAX) };
}

/** Adds a line in the order of the messages: after a restart, missed ones come late. */
function insert(relay: Relay, line: RelayLine, author: Author): Relay {
  let index = relay.lines.length;
  while (index > 0) {
    const { message } = relay.lines[index - 1]!;
    if (message === undefined || !isLater(message, line.message!)) break;
    index -= 1;
  }
  const next: Relay = {
    ...relay,
    lines: relay.lines.toSpliced(index, 0, line),
    people: joined(relay, author),
    unanswered: relay.unanswered + 1,
    revision: relay.revision + 1,
    lastAt: Math.max(relay.lastAt, line.at),
  };
  return closeIfFull(next, line.at);
}
