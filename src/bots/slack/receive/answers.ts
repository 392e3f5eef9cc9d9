/** How users' actions are answered: acknowledged, with a story, or with a sentence for the user only. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatContext } from '../../chat-context.ts';
import { type Asked, PATIENCE_MS } from '../../submit.ts';
import { slackEscaping } from '../../text.ts';
import type { SlackApi } from '../api.ts';
import { presenceIn, requesterOf, type SlackConversation, type SlackHandle } from '../conversations.ts';
import type { Budgets } from '../reply/budgets.ts';

const CROWDED =
  'Many stories are being written in this workspace at the moment. Yours comes whole, as soon as it is done.';

/**
 * Answers an action: it is acknowledged when it is stored, so that a crash loses no acknowledged one, or earlier, when
 * that takes long.
 *
 * @param acting resolves with a sentence for the user, if there is one
 * @param reply sends it
 */
export async function acknowledgeStored(
  acting: Promise<string | undefined>,
  ack: () => Promise<void>,
  reply: (sentence: string) => Promise<void>,
): Promise<void> {
  await Promise.race([acting, sleep(PATIENCE_MS)]);
  await ack();
  const sentence = await acting;
  if (sentence) await reply(sentence);
}

export class Answers {
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;

  constructor(chat: ChatContext<SlackHandle>, api: SlackApi, budgets: Budgets) {
    this.#chat = chat;
    this.#api = api;
    this.#budgets = budgets;
  }

  blockedBy(conversation: SlackConversation, userId: string): string | undefined {
    return this.#chat.blockedBy(presenceIn(conversation, userId));
  }

  /** A user's action that asks for a story. */
  asked(
    id: string,
    handle: Omit<SlackHandle, 'at' | 'source'> & { readonly responseUrl: string },
    acknowledge: (sentence?: string) => Promise<void>,
  ): Asked<SlackHandle> {
    const at = Date.now();
    const notice = this.#budgets.isCrowded(handle.teamId) ? CROWDED : undefined;
    return {
      id,
      requester: requesterOf(handle.teamId, handle.userId),
      handle: (source) => ({ ...handle, at, ...(source ? { source } : {}) }),
      acknowledge: (sentence = notice) => acknowledge(sentence),
      replyEphemeral: (sentence) => this.replyEphemeral(handle.responseUrl, sentence),
    };
  }

  /** Acknowledges an action that has no answer of its own, and then sends the sentence, if there is one. */
  acknowledgeThen(ack: () => Promise<void>, responseUrl: string): (sentence?: string) => Promise<void> {
    return async (sentence) => {
      await ack();
      if (sentence) await this.replyEphemeral(responseUrl, sentence);
    };
  }

  /** Sends a sentence of the bot's, which may quote a user's text. */
  replyEphemeral(responseUrl: string, sentence: string): Promise<void> {
    return this.#api.postEphemeral(responseUrl, slackEscaping.escape(sentence));
  }
}
