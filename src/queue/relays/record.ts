/** What is stored of a relay: its state, and what the bots need to show it. */
import { createHmac } from 'node:crypto';
import type { Heard, ThreadSnapshot } from '../../story/relay/lines.ts';
import { type Author, finishRelay, type Relay, type RelayLine } from '../../story/relay/relay.ts';
import type { LikedLine } from '../../story/shelf.ts';
import type { Lease } from '../admission/store.ts';

export interface RelayRecord<Address> {
  readonly relay: Relay;
  /** The user who started it, in the platform's terms. */
  readonly hostId: string;
  /** The server or workspace, in the platform's terms. */
  readonly communityId: string;
  /** The channel, as the key of its settings; absent in records of earlier versions. */
  readonly channelId?: string;
  /** As limits name communities; absent outside of one. */
  readonly community?: string;
  /** Where it was started, in the platform's terms. */
  readonly address: Address;
  /** What its host holds of the limits on stories, until its thread is open. */
  readonly lease?: Lease | undefined;
  /** The keys of the relays under way of its channel and of its community. */
  readonly groups: readonly string[];
  /** Under which authors are named, so that no line names a user's id. */
  readonly salt: string;
  /** The message above its thread; undefined until the thread is open. */
  readonly head?: string;
  /** The key of the thread below it. */
  readonly thread?: string;
  /** How often its thread was to be read again, and how often it was. */
  readonly looks: number;
  readonly looked: number;
  /** The line to which users had reacted most when it was closed. */
  readonly liked?: LikedLine;
  /** The titles that are proposed, when they are written. */
  readonly titles?: readonly string[];
  /** The messages of the finished story. */
  readonly end: readonly string[];
  readonly isEndShown?: true;
  /** Whether this record is to be removed when the end is shown: its host is forgotten. */
  readonly isForgotten?: true;
  /** Whether its messages and this record are to be deleted. */
  readonly isDeleted?: true;
}

/** A message of a user, in the terms of its platform. */
export interface RelayMessage {
  readonly id: string;
  /** In ms since 1970. */
  readonly at: number;
  /** The user, as limits name requesters. */
  readonly person: string;
  readonly name: string | undefined;
  /** The words; undefined when there are none. */
  readonly text: string | undefined;
  /** Whether a block applies to the user. */
  readonly isBlocked: boolean;
}

/** The messages of a relay's thread. */
export interface RelayThread {
  /** Those of users, oldest first. */
  readonly messages: readonly RelayMessage[];
  /** The ids of the bot's own. */
  readonly own: readonly string[];
  /** How many reactions of users messages have, by their ids; those without any may be missing. */
  readonly reactions: ReadonlyMap<string, number>;
}

/** Where relays are shown, on one platform. Every method can be repeated. */
export interface RelayBoard<Address> {
  /** Posts the message above the thread; returns its id. */
  announce(id: string, record: RelayRecord<Address>, signal: AbortSignal): Promise<string>;
  /** The key of the thread below a message, the same for the bots' listeners. */
  threadOf(address: Address, head: string): string;
  /** Where the messages of the thread below a message are. */
  addressInThread(address: Address, head: string): Address;
  /** Opens the thread, where messages do not have one of their own. */
  openThread(address: Address, head: string, relay: Relay): Promise<void>;
  /** Reads the thread; undefined where that is not allowed. */
  read(record: RelayRecord<Address>, signal: AbortSignal): Promise<RelayThread | undefined>;
  /** Posts a line of the network; returns its message, or undefined when the platform refuses the text. */
  say(
    id: string,
    record: RelayRecord<Address>,
    line: RelayLine,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Shows the end, in the message above the thread also where the story cannot be posted; returns the messages of the
   * finished story.
   */
  end(id: string, record: RelayRecord<Address>, signal: AbortSignal): Promise<readonly string[]>;
  /** Deletes messages; one that does not exist is deleted already. */
  remove(record: RelayRecord<Address>, messages: readonly string[]): Promise<void>;
}

/** A relay cannot be shown to any user any more. */
export class RelayLost extends Error {
  override readonly name = 'RelayLost';

  /** Returns an error of this kind as a value, and throws any other. */
  static caught(error: unknown): RelayLost {
    if (error instanceof RelayLost) return error;
    throw error;
  }
}

/** Whether a relay still has to be driven: a job of it must exist. */
export function isUnfinished({ relay, isEndShown, isDeleted }: RelayRecord<unknown>): boolean {
  return relay.phase !== 'over' || !isEndShown || isDeleted === true;
}

/** A relay that cannot be shown any more: nothing of its end is shown. */
export function givenUp<Address>(
  record: RelayRecord<Address>,
  at: number,
  lasting: (address: Address) => Address,
): RelayRecord<Address> {
  return { ...record, relay: finishRelay(record.relay, 'failed', at), ...ended(record, lasting) };
}

/** What a record has from its end on. */
export function ended<Address>(
  { address }: RelayRecord<Address>,
  lasting: (address: Address) => Address,
): Pick<RelayRecord<Address>, 'isEndShown' | 'address'> {
  return { isEndShown: true, address: lasting(address) };
}

export function authorOf(
  { salt }: Pick<RelayRecord<unknown>, 'salt'>,
  person: string,
  name: string | undefined,
): Author {
  return { key: createHmac('sha256', salt).update(person).digest('base64url'), name };
}

/** A message in the terms of a relay. */
export function heardBy(
  record: RelayRecord<unknown>,
  { id, at, person, name, text, isBlocked }: RelayMessage,
): Heard {
  return { id, at, author: authorOf(record, person, name), text, isBlocked };
}

/** @param at when the thread was read, in ms since 1970 */
export function snapshotOf(
  record: RelayRecord<unknown>,
  { messages, own }: RelayThread,
  at: number,
): ThreadSnapshot {
  return { heard: messages.map((message) => heardBy(record, message)), own: new Set(own), at };
}
