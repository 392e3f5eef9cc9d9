/** One message of a reply, posted once and then edited, within the budgets of its workspace. */
import type { ReplyTask } from '../../../queue/reply-worker.ts';
import type { SlackApi } from '../api.ts';
import type { SlackConversation, SlackHandle } from '../conversations.ts';
import { CLOSED, codeOf, failureOf } from '../failures.ts';
import type { WireMessage } from '../history.ts';
import { type Budget, type Budgets, CallSlot, type Priority } from './budgets.ts';
import type { MessageBody } from './messages.ts';

const STREAMING = 'streaming_state_conflict';
const NOT_STREAMING = 'message_not_in_streaming_state';

/** What is known about a message at first. */
export interface KnownMessage {
  /** The timestamp, if the message is known to be posted. */
  readonly ts?: string | undefined;
  /** Whether a process may have posted it and been killed before it stored the timestamp. */
  readonly mayBePosted?: boolean;
  /** Recognises the message among others. */
  readonly isOurs?: (message: WireMessage) => boolean;
}

export class ShownMessage {
  readonly #task: Pick<ReplyTask<SlackHandle>, 'handle' | 'confirm'>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #conversation: SlackConversation;
  readonly #slot = new CallSlot();
  readonly #isOurs: (message: WireMessage) => boolean;
  #ts: string | undefined;
  #mayBePosted: boolean;
  /** What the message shows, as far as this process knows. */
  #shown: string | undefined;

  /** @param task the reply; `confirm` rejects when another process has taken it over */
  constructor(
    task: Pick<ReplyTask<SlackHandle>, 'handle' | 'confirm'>,
    api: SlackApi,
    budgets: Budgets,
    conversation: SlackConversation,
    { ts, mayBePosted = false, isOurs = () => false }: KnownMessage,
  ) {
    this.#task = task;
    this.#api = api;
    this.#budgets = budgets;
    this.#conversation = conversation;
    this.#isOurs = isOurs;
    this.#ts = ts;
    this.#mayBePosted = mayBePosted;
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
    const wanted = { conversation: this.#conversation, since: this.#task.handle.at, is: this.#isOurs };
    const found = await findWhenGranted(this.#api, this.#budgets, this.#slot, wanted, enough);
    if (found === 'not yet') return false;
    this.#ts = found?.ts;
    this.#mayBePosted = false;
    return true;
  }

  /** Waits for the slot to post or to edit; see `CallSlot`. */
  wait(priority: Priority, enough: Promise<unknown>): Promise<boolean> {
    return this.#slot.wait(this.#budget(), priority, enough);
  }

  /** Whether the message shows a body already. */
  shows(body: MessageBody): boolean {
    return JSON.stringify(body) === this.#shown;
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
    const { teamId, channelId } = this.#conversation;
    return this.#ts === undefined
      ? this.#budgets.of('post', teamId, channelId)
      : this.#budgets.of('update', teamId);
  }

  async #put(body: MessageBody): Promise<void> {
    const api = this.#api;
    const conversation = this.#conversation;
    await this.#task.confirm();
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

interface Wanted {
  readonly conversation: SlackConversation;
  readonly since: number;
  readonly is: (message: WireMessage) => boolean;
}

/** Looks for a message that is not older than `since`, in ms since 1970, when the slot is granted. */
export async function findWhenGranted(
  api: SlackApi,
  budgets: Budgets,
  slot: CallSlot,
  { conversation, since, is }: Wanted,
  enough: Promise<unknown>,
): Promise<WireMessage | undefined | 'not yet'> {
  const budget = budgets.of(conversation.threadTs ? 'replies' : 'history', conversation.teamId);
  // Not even the final edit may precede this search: it decides which message is edited.
  if (!(await slot.wait(budget, 'final', enough))) return 'not yet';
  try {
    return await slot.use(() => api.history.find(conversation, since, is));
  } catch (error) {
    // Where the bot may not search, it most likely may not post either; the post will report that.
    if (CLOSED.includes(failureOf(error))) return undefined;
    throw error;
  }
}
