/**
 * A relay: a story that users and the network write line by line. A user adds a line by posting a message, and the
 * network answers with a line of its own. Here are its states, and how one follows from another. Pure.
 */

import { firstSentences } from './continuations.ts';
import { hasSlur, mask } from './filter/find.ts';
import { STORY_BOUNDS, type StoryRequest } from './story.ts';
import { endOf, jointBefore } from './variations.ts';

/**
 * Who may add the next line. `free`: any user. `round robin`: users in the order in which they joined; a user who has
 * not written yet may always join. `everyone once`: any user who has no line yet.
 */
export const TURNS = ['free', 'round robin', 'everyone once'] as const;
export type Turns = (typeof TURNS)[number];

export const RELAY_BOUNDS = {
  /** After how many lines of users the network writes one; 0: only when a user asks for it. */
  every: { min: 0, max: 10, default: 1 },
  /** Characters of a user's line. */
  line: { max: 500 },
  /** A relay ends when it has this many lines. */
  lines: { max: 200 },
} as const;

/** A relay ends when no user has added a line for this long. */
export const SILENT_MS = 24 * 3_600_000;
/** A relay ends at this age. */
export const MAX_AGE_MS = 14 * 24 * 3_600_000;
/** In `round robin`, another user may take the turn of one who has not written for this long. */
export const TURN_MS = 5 * 60_000;
/** The most characters that the network writes of a line, before it is cut at the end of a sentence. */
const NETWORK_LENGTH = 280;
/** A draft is begun again when the lines change meanwhile, this often. */
const DRAFTS_MAX = 3;
/** A message is in the thread that is read at this age, at the latest. */
const VISIBLE_MS = 60_000;
/** Characters of the story in which the beginning of a word is looked for. */
const WORD_MAX = 60;
/** Ids of messages that are no lines; the oldest are dropped. */
const OTHERS_MAX = 500;

/** What a user asks for. */
export interface RelayTerms {
  /** The opening, and the settings of every line of the network. */
  readonly request: StoryRequest;
  readonly every: number;
  readonly turns: Turns;
  /** The least time between two lines of one user, in ms. */
  readonly cooldownMs: number;
}

/** A user who has a line. */
export interface Author {
  /** Names no user to a reader who does not know the relay's salt. */
  readonly key: string;
  /** The name that the credits show; undefined when it is not known. */
  readonly name: string | undefined;
}

export interface RelayLine {
  readonly text: string;
  /** When it was posted, in ms since 1970. */
  readonly at: number;
  /** The key of its author; absent for a line of the network. */
  readonly by?: string;
  /** The id of its message; absent for the opening, and for a line of the network that is not posted yet. */
  readonly message?: string;
  /** Of a line of the network: the number of the draft that it was. */
  readonly draft?: number;
}

/** A line that the network is writing. */
export interface Draft {
  /** 1 for the first of a relay: its story's id and its seed derive from it. */
  readonly number: number;
  /** The lines that it follows. */
  readonly revision: number;
  /** How many drafts of the same line there were, this one included. */
  readonly tries: number;
}

/**
 * `ended`: the host or a moderator ended it. `silent`: no user wrote for a day. `full`: it has as many lines as a relay
 * may have. `old`: it has reached the greatest age. `failed`: it cannot be shown.
 */
export type RelayEnding = 'ended' | 'silent' | 'full' | 'old' | 'failed';

export interface Relay extends RelayTerms {
  /** `closing`: no line joins it any more, but lines that were edited or deleted are still mended. */
  readonly phase: 'open' | 'closing' | 'over';
  readonly lines: readonly RelayLine[];
  /** The users in the order of their turns: a user who joins comes before the one whose turn it is. */
  readonly people: readonly Author[];
  /** Lines of users since the last line of the network. */
  readonly unanswered: number;
  /** Whether a user has asked for a line of the network. */
  readonly isAsked?: true;
  readonly draft?: Draft;
  /** The number of the last draft. */
  readonly drafts: number;
  /** Grows whenever the lines change. */
  readonly revision: number;
  /** The ids of messages that are known and are no lines: refused, out of turn, deleted. */
  readonly others: readonly string[];
  /** The keys of users who were told that it is not their turn. */
  readonly told: readonly string[];
  readonly startedAt: number;
  /** When a user last added a line or asked for one. */
  readonly lastAt: number;
  /** When it was closed: a message of a later time is no line. */
  readonly closedAt?: number;
  readonly ending?: RelayEnding;
}

/** A message of a user in the relay's thread. */
export interface Heard {
  /** Ids of later messages are greater, by `isLater`. */
  readonly id: string;
  /** When it was posted, in ms since 1970. */
  readonly at: number;
  readonly author: Author;
  /** The words; undefined when the user may not write, or when there are no words. */
  readonly text: string | undefined;
}

export type Verdict =
  | { readonly is: 'line' }
  /** It was judged before, as with an event that is delivered twice. */
  | { readonly is: 'known' }
  | { readonly is: 'no line' | 'too long' | 'declined' }
  | { readonly is: 'too soon' }
  /** `isFirst`: the user has not been told yet. `next`: the user whose turn it is. */
  | { readonly is: 'out of turn'; readonly isFirst: boolean; readonly next: Author | undefined }
  | { readonly is: 'over' };

/** Begins a relay; its opening, if it has one, is a line of its host. */
export function beginRelay(terms: RelayTerms, host: Author, at: number): Relay {
  const text = mask(terms.request.prompt).trim();
  const hasOpening = text !== '';
  return {
    ...terms,
    phase: 'open',
    lines: hasOpening ? [{ text, at, by: host.key }] : [],
    people: hasOpening ? [host] : [],
    unanswered: hasOpening ? 1 : 0,
    drafts: 0,
    revision: 0,
    others: [],
    told: [],
    startedAt: at,
    lastAt: at,
  };
}

/** The story so far. */
export function textOf({ lines }: Pick<Relay, 'lines'>): string {
  let text = '';
  for (const line of lines) text += jointBefore(line.text, text) + line.text;
  return text;
}

/** A text as it stands in a line. */
export function lineText(text: string): string {
  return mask(text).trim();
}

/** Why words are no line that may follow a story. */
function problemWith(
  relay: Pick<Relay, 'lines'>,
  text: string | undefined,
): 'no line' | 'too long' | 'declined' | undefined {
  if (text === undefined || lineText(text) === '') return 'no line';
  if (text.length > RELAY_BOUNDS.line.max) return 'too long';
  // A word may be spread over two lines.
  const before = endOf(textOf(relay), WORD_MAX);
  return hasSlur(before + jointBefore(text, before) + text) ? 'declined' : undefined;
}

/** Judges a message of a user, and adds its line where it is one. */
export function hear(relay: Relay, heard: Heard): { readonly relay: Relay; readonly verdict: Verdict } {
  const { id, at, author, text } = heard;
  if (isKnown(relay, id)) return { relay, verdict: { is: 'known' } };
  const isLate = relay.phase === 'closing' && at > (relay.closedAt ?? 0);
  if (relay.phase === 'over' || isLate) return { relay, verdict: { is: 'over' } };
  const problem = problemWith(relay, text);
  if (problem) return { relay: without(relay, id), verdict: { is: problem } };
  const own = relay.lines.filter(({ by }) => by === author.key);
  if (!mayWrite(relay, author.key, at)) {
    const { told } = relay;
    const isFirst = !told.includes(author.key);
    const next = without(isFirst ? { ...relay, told: [...told, author.key] } : relay, id);
    return { relay: next, verdict: { is: 'out of turn', isFirst, next: nextAuthor(relay) } };
  }
  if (own.some((line) => Math.abs(at - line.at) < relay.cooldownMs)) {
    return { relay: without(relay, id), verdict: { is: 'too soon' } };
  }
  const added = insert(relay, { text: lineText(text!), at, by: author.key, message: id }, author);
  return { relay: added, verdict: { is: 'line' } };
}

/** Mends an edited line; without words that may join the story, the line is taken out. */
export function mend(relay: Relay, id: string, text: string | undefined): Relay {
  const line = relay.lines.find(({ message }) => message === id);
  if (!line || line.by === undefined || relay.phase === 'over') return relay;
  if (problemWith({ lines: [] }, text)) return strike(relay, id);
  const next = lineText(text!);
  if (next === line.text) return relay;
  const lines = relay.lines.map((one) => (one === line ? { ...line, text: next } : one));
  return { ...relay, lines, revision: relay.revision + 1 };
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
  const texts = new Map(heard.map(({ id, text }) => [id, text]));
  const newest = [...texts.keys(), ...own].reduce((a, b) => (isLater(b, a) ? b : a), '');
  let next = relay;
  for (const { message, by, text, at: postedAt } of before.lines) {
    const isUnchanged = relay.lines.some((line) => line.message === message && line.text === text);
    if (message === undefined || !isUnchanged) continue;
    const isThere = by === undefined ? own.has(message) : texts.has(message);
    // A platform may report a message a moment before it is in the thread that is read.
    const isNew = isLater(message, newest) && at - postedAt < VISIBLE_MS;
    if (isThere) next = mend(next, message, texts.get(message));
    else if (!isNew) next = strike(next, message);
  }
  for (const one of heard) next = hear(next, one).relay;
  return next;
}

/** Asks the network for a line; undefined when its last one is not followed by a line yet. */
export function ask(relay: Relay, at: number): Relay | undefined {
  if (relay.phase !== 'open' || !mayAnswer(relay.lines)) return undefined;
  return { ...relay, isAsked: true, lastAt: Math.max(relay.lastAt, at) };
}

/** Whether the network is to write a line now. */
export function isDue({ phase, every, unanswered, isAsked, lines }: Relay): boolean {
  if (phase !== 'open') return false;
  return (isAsked === true && mayAnswer(lines)) || (every > 0 && unanswered >= every);
}

/** Whether the network may write the next line: it does not write two in a row. */
function mayAnswer(lines: Relay['lines']): boolean {
  return lines.length === 0 || lines.at(-1)!.by !== undefined;
}

export function beginDraft(relay: Relay): Relay {
  const number = relay.drafts + 1;
  return { ...relay, drafts: number, draft: { number, revision: relay.revision, tries: 1 } };
}

/** The request of a draft: it reads the story so far, as much as the network can read of it. */
export function draftRequest(relay: Relay, { number }: Draft): StoryRequest {
  const { request } = relay;
  return {
    ...request,
    prompt: '',
    // Every line ends with a whole word.
    context: endOf(`${textOf(relay)} `).trimStart(),
    length: NETWORK_LENGTH,
    seed: (request.seed + number - 1) % (STORY_BOUNDS.seed.max + 1),
  };
}

/**
 * Takes what the network wrote. A draft that follows lines which have changed meanwhile is begun again, a few times;
 * so is one without text, after which the network waits for the next line.
 */
export function finishDraft(relay: Relay, number: number, text: string, at: number): Relay {
  const { draft, ...others } = relay;
  if (relay.phase !== 'open' || draft?.number !== number) return relay;
  const written = lineText(firstSentences(text)).replaceAll(/\s+/g, ' ');
  const isStale = draft.revision !== relay.revision;
  if ((isStale || written === '') && draft.tries < DRAFTS_MAX && isDue(others)) {
    const again = beginDraft(others);
    return { ...again, draft: { ...again.draft!, tries: draft.tries + 1 } };
  }
  const { isAsked: _, ...answered } = others;
  // Every line that was to be answered is deleted, or there is nothing to add.
  if (written === '' || !isDue(others))
    return { ...answered, unanswered: isDue(others) ? 0 : relay.unanswered };
  const lines = [...relay.lines, { text: written, at, draft: number }];
  return closeIfFull({ ...answered, lines, unanswered: 0, revision: relay.revision + 1 }, at);
}

/** The line of the network that is to be posted next. */
export function unposted({ lines }: Relay): RelayLine | undefined {
  return lines.find(({ draft, message }) => draft !== undefined && message === undefined);
}

/** Takes a line of the network out that its platform refuses. */
export function refused(relay: Relay, draft: number): Relay {
  return {
    ...relay,
    lines: relay.lines.filter((line) => line.draft !== draft),
    revision: relay.revision + 1,
  };
}

/** Records the message of a line of the network. */
export function posted(relay: Relay, draft: number, message: string): Relay {
  const lines = relay.lines.map((line) => (line.draft === draft ? { ...line, message } : line));
  return { ...relay, lines };
}

/** Ends a relay: lines join it no more. */
export function closeRelay(relay: Relay, ending: RelayEnding, at: number): Relay {
  if (relay.phase !== 'open') return relay;
  const { draft: _, isAsked: __, ...others } = relay;
  return { ...others, phase: 'closing', ending, closedAt: at };
}

/** Ends a relay for good: its story stays as it is. */
export function finishRelay(relay: Relay, ending: RelayEnding, at: number): Relay {
  return relay.phase === 'over' ? relay : { ...closeRelay(relay, ending, at), phase: 'over' };
}

/** When a relay ends by itself, and how. */
export function deadlineOf({ lastAt, startedAt }: Relay): {
  readonly at: number;
  readonly ending: RelayEnding;
} {
  const [silent, old] = [lastAt + SILENT_MS, startedAt + MAX_AGE_MS];
  return silent < old ? { at: silent, ending: 'silent' } : { at: old, ending: 'old' };
}

/**
 * Replaces a user by one without a name.
 *
 * @param replacement a new key
 */
export function forgetAuthor(relay: Relay, key: string, replacement: string): Relay {
  const isTheirs = (one: string) => one === key;
  if (!relay.people.some((one) => isTheirs(one.key)) && !relay.told.some(isTheirs)) return relay;
  return {
    ...relay,
    people: relay.people.map((one) => (isTheirs(one.key) ? { key: replacement, name: undefined } : one)),
    lines: relay.lines.map((line) => (line.by === key ? { ...line, by: replacement } : line)),
    told: relay.told.filter((one) => !isTheirs(one)),
  };
}

/** How many lines each user wrote, most first, and the network. */
export function creditsOf({ lines, people }: Relay): {
  readonly people: readonly { readonly name: string | undefined; readonly lines: number }[];
  readonly network: number;
} {
  const counted = people.map(({ key, name }) => ({
    name,
    lines: lines.filter(({ by }) => by === key).length,
  }));
  return {
    people: counted.filter((one) => one.lines > 0).sort((a, b) => b.lines - a.lines),
    network: lines.filter(({ by }) => by === undefined).length,
  };
}

/** The user whose turn it is in `round robin`; undefined where any user may write. */
export function nextAuthor({ turns, lines, people }: Relay): Author | undefined {
  if (turns !== 'round robin') return undefined;
  const last = lines.findLast(({ by }) => by !== undefined)?.by;
  const index = people.findIndex(({ key }) => key === last);
  return index < 0 ? undefined : people[(index + 1) % people.length];
}

/** Whether a message came after another: ids are numbers of growing size, with the same number of decimals. */
export function isLater(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length;
}

function mayWrite(relay: Relay, key: string, at: number): boolean {
  if (relay.turns === 'free') return true;
  if (relay.turns === 'everyone once') return !relay.lines.some(({ by }) => by === key);
  const next = nextAuthor(relay);
  const isNew = !relay.people.some((one) => one.key === key);
  return !next || next.key === key || isNew || at - relay.lastAt >= TURN_MS;
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

function joined(relay: Relay, author: Author): readonly Author[] {
  const { people } = relay;
  const known = people.findIndex(({ key }) => key === author.key);
  if (known >= 0) return author.name === undefined ? people : people.with(known, author);
  const next = nextAuthor(relay);
  const index = next ? people.findIndex(({ key }) => key === next.key) : people.length;
  // After the last one of the circle comes its first: the end is before the first, too.
  return people.toSpliced(index === 0 ? people.length : index, 0, author);
}

function closeIfFull(relay: Relay, at: number): Relay {
  return relay.lines.length < RELAY_BOUNDS.lines.max ? relay : closeRelay(relay, 'full', at);
}
