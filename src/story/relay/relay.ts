/**
 * A relay: a story that users and the network write line by line. A user adds a line by posting a message, and the
 * network answers with a line of its own. Here are its states, and how it begins and ends. Pure.
 */
import { mask } from '../filter/find.ts';
import type { Segment } from '../paragraphs.ts';
import type { StoryRequest } from '../story.ts';
import { jointBefore } from '../variations.ts';

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

/** The story so far, with the lines of users as segments of the kind `prompt`. Spaces between two kinds are written. */
export function segmentsOf({ lines }: Pick<Relay, 'lines'>): Segment[] {
  const segments: Segment[] = [];
  const add = (kind: Segment['kind'], text: string) => {
    const last = segments.at(-1);
    if (text === '') return;
    if (last?.kind === kind) segments[segments.length - 1] = { kind, text: last.text + text };
    else segments.push({ kind, text });
  };
  let before: string | undefined;
  for (const { text, by } of lines) {
    const kind = by === undefined ? 'written' : 'prompt';
    const isSame = segments.at(-1)?.kind === kind;
    add(isSame ? kind : 'written', before === undefined ? '' : jointBefore(text, before));
    add(kind, text);
    before = text;
  }
  return segments;
}

/** Whether users and the network have written a relay together: both have a line in its thread. */
export function isShared({ lines }: Pick<Relay, 'lines'>): boolean {
  const isPosted = lines.some(({ by, message }) => by !== undefined && message !== undefined);
  return isPosted && lines.some(({ by }) => by === undefined);
}

/** A text as it stands in a line. */
export function lineText(text: string): string {
  return mask(text).trim();
}

/** Ends a relay: lines join it no more. */
export function closeRelay(relay: Relay, ending: RelayEnding, at: number): Relay {
  if (relay.phase !== 'open') return relay;
  const { draft: _, isAsked: __, ...others } = relay;
  return { ...others, phase: 'closing', ending, closedAt: at };
}

/** Closes a relay that has as many lines as it may have. */
export function closeIfFull(relay: Relay, at: number): Relay {
  return relay.lines.length < RELAY_BOUNDS.lines.max ? relay : closeRelay(relay, 'full', at);
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
