/** Messages in the threads of relays: each message of a user is a line, until it is edited or deleted. */
import { refusals } from '../../../metrics.ts';
import type { ChatContext } from '../../chat-context.ts';
import { isRemark, outOfTurn, TOO_LONG } from '../../relays/wording.ts';
import { hasWords } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import {
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  threadKeyOf,
} from '../conversations.ts';
import { promptOf } from '../markup.ts';
import type { UserNames } from '../user-names.ts';

/** Signs under a message that is no line. */
const SIGNS = { wait: 'hourglass_flowing_sand', declined: 'zipper_mouth_face' } as const;
/** Subtypes of messages that users write themselves. */
const WRITTEN = [undefined, 'file_share', 'thread_broadcast', 'me_message'];

/** A message of a thread, as events deliver it. */
export interface ThreadMessage {
  readonly ts: string;
  readonly thread_ts?: string;
  readonly user?: string;
  readonly text?: string;
  readonly subtype?: string;
  readonly bot_id?: string;
  /** The author of the message above the thread. */
  readonly parent_user_id?: string;
}

/** An event of a message: it is posted, edited or deleted. */
export interface ThreadEvent extends ThreadMessage {
  /** The message after an edit. */
  readonly message?: ThreadMessage;
  /** The message before it was edited or deleted. */
  readonly previous_message?: ThreadMessage;
  readonly deleted_ts?: string;
}

export class RelayLines {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #names: UserNames;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, names: UserNames) {
    this.#chat = chat;
    this.#api = api;
    this.#names = names;
  }

  /** Takes an event of a message. Returns whether it is in the thread of a relay that is under way. */
  async take(event: ThreadEvent, conversation: SlackConversation, botUserId: string): Promise<boolean> {
    const message = event.message ?? event.previous_message ?? event;
    // A deleted message with replies stays, as a tombstone.
    const isDeleted = event.subtype === 'message_deleted' || message.subtype === 'tombstone';
    const ts = event.deleted_ts ?? message.ts;
    const { thread_ts: head = ts, parent_user_id: parent } = message;
    const isFirst = head === ts;
    if (!isDeleted && (isFirst || message.bot_id !== undefined)) return false;
    if (!isFirst && parent !== undefined && parent !== botUserId) return false;
    const relayId = await this.#chat.relays.threads.find(threadKeyOf(conversation, head));
    if (relayId === undefined) return false;
    const { relays } = this.#chat;
    if (isDeleted) {
      // Without the message above the thread, no user can end the relay.
      if (isFirst) await relays.changes.end(relayId);
      else await relays.changes.strike(relayId, ts);
    } else if (event.subtype === 'message_changed') {
      const block = this.#chat.blocks.find(presenceIn(conversation, message.user));
      const text = lineOf(message.text ?? '', botUserId);
      await relays.changes.mend(relayId, { id: ts, text, isBlocked: block !== undefined });
    } else if (isWritten(message)) return this.#hear(relayId, message, conversation, botUserId);
    return true;
  }

  async #hear(
    relayId: string,
    { ts, text = '', user = '', thread_ts: head }: ThreadMessage,
    conversation: SlackConversation,
    botUserId: string,
  ): Promise<boolean> {
    const { teamId } = conversation;
    const thread = { ...conversation, threadTs: head! };
    const tell = (sentence: string) =>
      this.#api.postEphemeralTo(thread, user, slackEscaping.escape(sentence));
    const block = this.#chat.blocks.find(presenceIn(conversation, user));
    if (block) {
      const sentence = this.#chat.blockNotice(block, `${teamId}/${user}`);
      refusals.inc({ code: 'blocked' });
      if (sentence) await tell(sentence);
    }
    const { judgement, relay } = await this.#chat.relays.changes.hear(relayId, {
      id: ts,
      at: messageAt(ts),
      person: requesterOf(teamId, user).person,
      name: await this.#names.of(conversation, user),
      text: lineOf(text, botUserId),
      isBlocked: block !== undefined,
    });
    // A reaction is enough; where the bot may not react, it stays silent.
    const react = (sign: string) => this.#api.react(conversation, ts, sign).catch(() => {});
    if (judgement.is === 'declined') await react(SIGNS.declined);
    else if (judgement.is === 'too soon') await react(SIGNS.wait);
    else if (judgement.is === 'too long') await tell(TOO_LONG);
    else if (judgement.is === 'out of turn') {
      if (judgement.isFirst && relay) await tell(outOfTurn(relay, judgement));
      else await react(SIGNS.wait);
    }
    return judgement.is !== 'over';
  }
}

/** Whether a user wrote a message. */
export function isWritten({ user, bot_id, subtype }: Omit<ThreadMessage, 'ts'>): boolean {
  return user !== undefined && bot_id === undefined && WRITTEN.includes(subtype);
}

/** When a message was posted, by its timestamp, in ms since 1970. */
export function messageAt(ts: string): number {
  return Math.floor(Number(ts) * 1_000);
}

/** The words of a message as a line; undefined when there are none. */
export function lineOf(text: string, botUserId: string): string | undefined {
  const words = promptOf(text, botUserId);
  return hasWords(words) && !isRemark(words) ? words : undefined;
}
