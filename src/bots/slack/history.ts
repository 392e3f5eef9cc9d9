/** Reads the messages of a conversation, or of the thread that it names. */
import type { webApi } from '@slack/bolt';
import type { SlackConversation, Workspace } from './conversations.ts';

/** A message as Slack delivers it, in the fields that are needed here. */
export interface WireMessage {
  readonly ts: string;
  readonly thread_ts?: string;
  readonly text?: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly subtype?: string;
  readonly app_id?: string;
  readonly blocks?: unknown;
  readonly reactions?: readonly { readonly count: number; readonly users?: readonly string[] }[];
}

/** Messages that are searched for one of the bot's own. */
const LOOK_BACK = 100;
/** Messages of a thread that are read: the most that Slack gives in one answer. */
const THREAD_MAX = 999;
/** Tolerance for the difference between the local clock and Slack's. */
const LOOK_EARLIER_MS = 60_000;

/** Which messages are read. */
interface Range {
  readonly oldest?: string;
  readonly latest?: string;
  readonly inclusive?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

interface Page {
  readonly messages: readonly WireMessage[];
  readonly isLast: boolean;
  /** Where the next page begins. */
  readonly cursor: string | undefined;
}

export class SlackHistory {
  readonly #client: webApi.WebClient;
  readonly #tokenOf: (workspace: Workspace) => Promise<string>;

  constructor(client: webApi.WebClient, tokenOf: (workspace: Workspace) => Promise<string>) {
    this.#client = client;
    this.#tokenOf = tokenOf;
  }

  /** The newest message of a conversation, from a moment on, for which `is` is true. */
  async find(
    conversation: SlackConversation,
    since: number,
    is: (message: WireMessage) => boolean,
  ): Promise<WireMessage | undefined> {
    const oldest = String((since - LOOK_EARLIER_MS) / 1_000);
    const { messages } = await this.#page(conversation, { oldest, limit: LOOK_BACK });
    return messages.find(is);
  }

  /** Reads one message of a conversation; undefined when it does not exist. */
  async read(conversation: SlackConversation, ts: string): Promise<WireMessage | undefined> {
    const { messages } = await this.#page(conversation, {
      oldest: ts,
      latest: ts,
      inclusive: true,
      limit: 1,
    });
    // Slack returns a thread's root first, regardless of the query.
    return messages.find((message) => message.ts === ts);
  }

  /**
   * The messages of a conversation from the first to the last of some timestamps, without those in other threads.
   *
   * @returns whether these are all of them, too
   */
  async between(
    conversation: SlackConversation,
    timestamps: readonly string[],
  ): Promise<{ readonly messages: readonly WireMessage[]; readonly isWhole: boolean }> {
    const sorted = [...timestamps].sort();
    const range = { oldest: sorted[0]!, latest: sorted.at(-1)!, inclusive: true, limit: THREAD_MAX };
    const { messages, isLast } = await this.#page(conversation, range);
    return { messages, isWhole: isLast };
  }

  /** The messages of a thread, oldest first. */
  async thread(conversation: SlackConversation): Promise<readonly WireMessage[]> {
    return (await this.#page(conversation, { limit: THREAD_MAX })).messages;
  }

  /** All messages of a thread, oldest first, in as many calls as it needs. */
  async wholeThread(conversation: SlackConversation): Promise<WireMessage[]> {
    const all: WireMessage[] = [];
    for (let next: string | undefined; ; ) {
      const range = { limit: THREAD_MAX, ...(next ? { cursor: next } : {}) };
      const { messages, cursor } = await this.#page(conversation, range);
      // Every page begins with the message above the thread.
      all.push(...(next ? messages.filter(({ ts }) => ts !== conversation.threadTs) : messages));
      if (!cursor) return all;
      next = cursor;
    }
  }

  /** Whether a conversation has messages. Rejects as `absent` when the bot is not in it. */
  async look(conversation: SlackConversation): Promise<boolean> {
    const { threadTs: _, ...whole } = conversation;
    return (await this.#page(whole, { limit: 1 })).messages.length > 0;
  }

  async #page(conversation: SlackConversation, range: Range): Promise<Page> {
    const token = await this.#tokenOf(conversation);
    const { channelId: channel, threadTs } = conversation;
    const answer = threadTs
      ? await this.#client.conversations.replies({ token, channel, ts: threadTs, ...range })
      : await this.#client.conversations.history({ token, channel, ...range });
    return {
      messages: (answer.messages ?? []) as WireMessage[],
      isLast: !answer.has_more,
      cursor: answer.response_metadata?.next_cursor || undefined,
    };
  }
}
