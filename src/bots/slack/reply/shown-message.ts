/** One message of a reply, posted once and edited from then on, in turn with all others of its workspace. */
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
  /** When it is known to have been posted. */
  readonly ts?: string | undefined;
  /** Whether it may have been posted by somebody who was killed before it was written down. */
  readonly mayBePosted?: boolean;
  /** Nothing of the reply is older; ms since 1970. */
  readonly since: number;
  /** Recognises it among others. */
  readonly isOurs: (message: WireMessage) => boolean;
  /** Rejects when the reply is another process's by now. */
  readonly confirm: () => Promise<void>;
}

export class ShownMessage {
  readonly #options: ShownMessageOptions;
  readonly #slot = new CallSlot();
  #ts: string | undefined;
  #mayBePosted: boolean;
  /** What it shows, as far as this process knows. */
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
   * Posting twice would be two messages: looks for what an earlier attempt may have left.
   *
   * @returns whether it is known now whether there is one; see `Turn`
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

  /** Waits for the turn to post or to edit; see `Turn`. */
  wait(priority: Priority, enough: Promise<unknown>): Promise<boolean> {
    return this.#slot.wait(this.#budget(), priority, enough);
  }

  /** Shows something, when it is its turn. Where it is shown already, the turn is kept for what comes. */
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
        // A stream that nobody continues: it is ended, and is a message like any other.
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
      // What Slack has refused is not there; after anything else it may be.
      if (failureOf(error) !== 'temporary') this.#mayBePosted = false;
      throw error;
    }
  }
}

/** Looks for a message when it is the turn to. */
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
  // Not even last words come before it is known where they are to stand.
  if (!(await slot.wait(budget, 'final', enough))) return 'not yet';
  try {
    return await slot.use(() => api.find(conversation, since, is));
  } catch (error) {
    // Where the bot may not look it will most likely not be able to post either, and hears so then.
    if (CLOSED.includes(failureOf(error))) return undefined;
    throw error;
  }
}

const STREAMING = 'streaming_state_conflict';
const NOT_STREAMING = 'message_not_in_streaming_state';
