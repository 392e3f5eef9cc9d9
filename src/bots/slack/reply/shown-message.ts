/** One message of a reply, posted once and then edited, within the budgets of its workspace. */
import type { SlackApi, WireMessage } from '../api.ts';
import { CLOSED, codeOf, failureOf } from '../failures.ts';
import type { SlackConversation } from '../handle.ts';
import type { Budget, Priority } from './budget.ts';
import type { Budgets } from './budgets.ts';
import { CallSlot } from './call-slot.ts';
import type { MessageBody } from './messages.ts';

export interface ShownMessageOptions {
  readonly api: SlackApi;
  readonly budgets: Budgets;
  readonly conversation: SlackConversation;
  /** The timestamp, if the message is known to be posted. */
  readonly ts?: string | undefined;
  /** Whether a process may have posted it and been killed before it stored the timestamp. */
  readonly mayBePosted?: boolean;
  /** Nothing of the reply is older; ms since 1970. */
  readonly since: number;
  /** Recognises the message among others. */
  readonly isOurs: (message: WireMessage) => boolean;
  /** Rejects when another process has taken over the reply. */
  readonly confirm: () => Promise<void>;
}

export class ShownMessage {
  readonly #options: ShownMessageOptions;
  readonly #slot = new CallSlot();
  #ts: string | undefined;
  #mayBePosted: boolean;
  /** What the message shows, as far as this process knows. */
  #shown: string | undefined;

  constructor(options: ShownMessageOptions) {
    this.#options = options;
    this.#ts = options.ts;
    this.#mayBePosted = options.mayBePosted ?? false;
  }

  get ts(): string | undefined {
    return this.#ts;
  }

  /**
   * Looks for a message that an earlier attempt may have posted: posting again would create a second one.
   *
   * @returns whether the answer is known; see `CallSlot`
   */
  async look(enough: Promise<unknown>): Promise<boolean> {
    if (!this.#mayBePosted) return true;
    const { api, budgets, conversation, since, isOurs } = this.#options;
    const found = await findWhenGranted(
      api,
      budgets,
      this.#slot,
      { conversation, since, is: isOurs },
      enough,
    );
    if (found === 'not yet') return false;
    this.#ts = found?.ts;
    this.#mayBePosted = false;
    return true;
  }

  /** Waits for the slot to post or to edit; see `CallSlot`. */
  wait(priority: Priority, enough: Promise<unknown>): Promise<boolean> {
    return this.#slot.wait(this.#budget(), priority, enough);
  }

  /**
   * Shows a body in the granted slot. If the message shows it already, the slot is kept for the next body.
   */
  async show(body: MessageBody): Promise<void> {
    const key = JSON.stringify(body);
    if (key === this.#shown) return;
    await this.#slot.use(() => this.#put(body));
    this.#shown = key;
  }

  releaseSlot(): void {
    this.#slot.giveUp();
  }

  #budget(): Budget {
    const { budgets, conversation } = this.#options;
    const { teamId, channelId } = conversation;
    return this.#ts === undefined ? budgets.of('post', teamId, channelId) : budgets.of('update', teamId);
  }

  async #put(body: MessageBody): Promise<void> {
    const { api, conversation, confirm } = this.#options;
    await confirm();
    if (this.#ts !== undefined) {
      await api.update(conversation, this.#ts, body).catch(async (error) => {
        if (codeOf(error) !== STREAMING) throw error;
        // No process continues this stream: end it, and edit it as an ordinary message.
        await api.stopStream(conversation, this.#ts!).catch((reason) => {
          if (codeOf(reason) !== NOT_STREAMING) throw reason;
        });
        await api.update(conversation, this.#ts!, body);
      });
      return;
    }
    this.#mayBePosted = true;
    try {
      this.#ts = await api.post(conversation, body);
      this.#mayBePosted = false;
    } catch (error) {
      // A message that Slack rejected does not exist; after any other failure it may.
      if (failureOf(error) !== 'temporary') this.#mayBePosted = false;
      throw error;
    }
  }
}

/** Looks for a message when the slot is granted. */
export async function findWhenGranted(
  api: SlackApi,
  budgets: Budgets,
  slot: CallSlot,
  {
    conversation,
    since,
    is,
  }: { conversation: SlackConversation; since: number; is: (message: WireMessage) => boolean },
  enough: Promise<unknown>,
): Promise<WireMessage | undefined | 'not yet'> {
  const budget = budgets.of(conversation.threadTs ? 'replies' : 'history', conversation.teamId);
  // Not even the final edit may precede this search: it decides which message is edited.
  if (!(await slot.wait(budget, 'final', enough))) return 'not yet';
  try {
    return await slot.use(() => api.find(conversation, since, is));
  } catch (error) {
    // Where the bot may not search, it most likely may not post either; the post will report that.
    if (CLOSED.includes(failureOf(error))) return undefined;
    throw error;
  }
}

const STREAMING = 'streaming_state_conflict';
const NOT_STREAMING = 'message_not_in_streaming_state';
