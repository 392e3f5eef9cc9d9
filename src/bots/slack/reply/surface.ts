/**
 * One reply on Slack: one message, edited as often as the workspace's budget allows. Progress edits may be
 * skipped; the final edit is always made, and a story that is complete before anything was posted is posted
 * whole. In a stream, the story grows below that message, and also ends as an edited message.
 */
import type { ReplyTask } from '../../../queue/reply-worker.ts';
import { beginningOf, type ReplyState } from '../../../story/story.ts';
import type { ChatContext } from '../../chat-context.ts';
import { EditPauses } from '../../edit-pauses.ts';
import { type MessageSurface, ReplyLost } from '../../reply-loop.ts';
import type { AgentSession } from '../agent/session.ts';
import type { SlackApi } from '../api.ts';
import type { SlackConversation, SlackHandle } from '../conversations.ts';
import { CLOSED, codeOf, failureOf, loggable, retryAfterOf, type SlackFailure } from '../failures.ts';
import type { WireMessage } from '../history.ts';
import { invitation } from '../home.ts';
import { type Budgets, CallSlot } from './budgets.ts';
import { layOut, layOutRoot, type MessageBody, replyIdOf } from './messages.ts';
import { findWhenGranted, type KnownMessage, ShownMessage } from './shown-message.ts';
import { SlackStream, type StreamSupport } from './stream.ts';

/** How long progress waits for its slot before it checks for newer text. */
const PATIENCE_MS = 1_000;
/** A workspace may limit how long messages can be edited. */
const TOO_OLD = 'edit_window_closed';
const SHUT_OUT =
  'I may not write in this workspace any more, so this story ends here. The operator of the app can change that.';
/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect'];

export class SlackSurface implements MessageSurface {
  readonly #task: ReplyTask<SlackHandle>;
  readonly #chat: ChatContext<SlackHandle>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #session: AgentSession;
  readonly #streams: StreamSupport | undefined;
  readonly #editIntervalMs: number;
  /** Rejects when another process has the reply, or is to take it. */
  readonly #aborted: Promise<never>;
  readonly #pauses: EditPauses;
  /** Shows the story; while a stream is open, the message above it. */
  #message: ShownMessage;
  /** The message above the story, when the story was streamed. */
  #root: ShownMessage | undefined;
  #stream: SlackStream | undefined;
  /** The slot for finding a stream that was left open. */
  readonly #looking = new CallSlot();
  /**
   * Whether it is a daily line, which is shown only when complete: the rate limit is kept for users who wait.
   */
  readonly #isDaily: boolean;
  /** Whether the story may (still) become a stream. */
  #mayStream: boolean;
  /** Whether an earlier process may have streamed without storing that. */
  #mayBeStreamed: boolean;
  /** Whether the workspace no longer allows edits of a message as old as this one. */
  #isTooOld = false;
  #stopGrowing: (() => void) | undefined;

  /**
   * @param session of the thread that shows the reply
   * @param streams where streams can be started; undefined where replies never grow as streams
   * @param editIntervalMs the least time between two edits of one reply
   */
  constructor(
    task: ReplyTask<SlackHandle>,
    chat: ChatContext<SlackHandle>,
    api: SlackApi,
    budgets: Budgets,
    session: AgentSession,
    streams: StreamSupport | undefined,
    editIntervalMs: number,
  ) {
    this.#task = task;
    this.#chat = chat;
    this.#api = api;
    this.#budgets = budgets;
    this.#session = session;
    this.#streams = streams;
    this.#editIntervalMs = editIntervalMs;
    const { handle, record, isFirst, signal } = task;
    this.#aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    this.#aborted.catch(() => {});
    const [ts, rootTs] = record?.messages ?? [];
    if (rootTs === undefined) {
      const isOurs = ({ blocks }: WireMessage) => replyIdOf(blocks) === task.id;
      this.#message = this.#shown(handle, { ts, mayBePosted: ts === undefined && !isFirst, isOurs });
    } else {
      this.#message = this.#shown({ ...handle, threadTs: rootTs }, { ts });
      this.#root = this.#shown(handle, { ts: rootTs });
    }
    this.#isDaily = handle.userId === handle.botUserId;
    // A stream is posted below a message of its own, and is for the requester.
    const isPossible = streams !== undefined && handle.threadTs === undefined && !this.#isDaily;
    // A process cannot continue another's stream: a successor continues by edits.
    this.#mayStream = isPossible && isFirst && ts === undefined && streams.isLikely(handle);
    // A reply in place of another one is edited.
    this.#mayBeStreamed = isPossible && !isFirst && rootTs === undefined && !task.replaces;
    this.#pauses = new EditPauses(task, editIntervalMs);
  }

  /** The message that shows the story, and then the message above it. */
  get messages(): readonly string[] {
    const { ts } = this.#message;
    const streamed = this.#stream?.ts;
    const all = streamed === undefined ? [ts, this.#root?.ts] : [streamed, ts];
    return all.filter((some) => some !== undefined);
  }

  async edit(state: ReplyState): Promise<void> {
    try {
      if (this.#isDaily) return await this.#pauses.pause(PATIENCE_MS);
      this.#session.begin();
      if (!(await this.#look(this.#pauses.pause(PATIENCE_MS)))) return;
      this.#stopGrowing ??= this.#budgets.grow(this.#task.handle.teamId);
      if (!this.#stopGrowing || this.#isTooOld) return await this.#pauses.pause(PATIENCE_MS);
      // A stream only grows.
      if (state.status === 'writing' && beginningOf(state) > 0) this.#leaveStream();
      if (state.status === 'writing' && this.#mayStream && this.#message.ts !== undefined) {
        await this.#growStream(state.text);
      } else {
        const body = await this.#layOut(state, this.#mayStream ? layOutRoot : layOut);
        if (!this.#message.shows(body)) {
          // Without a slot, the next call brings newer text, and the position in the queue is kept.
          if (!(await this.#message.wait('progress', this.#pauses.pause(PATIENCE_MS)))) return;
          await this.#message.show(body);
        }
      }
      this.#pauses.succeeded();
    } catch (error) {
      await this.#pauses.pause(Math.min(PATIENCE_MS, await this.#afterFailure(error)));
    }
    await this.#pauses.pause(this.#editIntervalMs);
  }

  async finish(state: ReplyState): Promise<void> {
    await this.#insist(async () => {
      await this.#look(this.#aborted);
      await this.#endStream();
      await this.#message.wait('final', this.#aborted);
      await this.#message.show(await this.#layOut(state, layOut));
    });
    const root = this.#root;
    if (root && !this.#isTooOld) {
      await this.#insist(async () => {
        await root.wait('final', this.#aborted);
        await root.show(await this.#layOut(state, layOutRoot));
      });
    }
    await this.#session.end(this.#aborted);
  }

  close(): void {
    for (const message of [this.#message, this.#root]) message?.releaseSlot();
    this.#stream?.close();
    this.#looking.giveUp();
    this.#session.close();
    this.#stopGrowing?.();
  }

  #insist(act: () => Promise<void>): Promise<void> {
    return this.#pauses.insist(act, (error) => this.#afterFailure(error), failureOf);
  }

  /** Finds the message that an earlier process may have left; returns whether the answer is known. */
  async #look(enough: Promise<unknown>): Promise<boolean> {
    if (!(await this.#message.look(enough))) return false;
    const { ts } = this.#message;
    if (!this.#mayBeStreamed || ts === undefined) return true;
    const { handle, id } = this.#task;
    const conversation = { ...handle, threadTs: ts };
    const is = (other: WireMessage) => other.ts !== ts && other.user === handle.botUserId;
    const wanted = { conversation, since: handle.at, is };
    const streamed = await findWhenGranted(this.#api, this.#budgets, this.#looking, wanted, enough);
    if (streamed === 'not yet') return false;
    this.#mayBeStreamed = false;
    if (streamed) {
      this.#chat.logger.info({ reply: id }, 'a stream was left behind');
      this.#goOnBelow(streamed.ts);
    }
    return true;
  }

  async #growStream(text: string): Promise<void> {
    const { handle, id } = this.#task;
    const conversation = { ...handle, threadTs: this.#message.ts! };
    this.#stream ??= new SlackStream(this.#api, this.#budgets, conversation, handle.userId);
    await this.#task.confirm();
    try {
      await this.#stream.grow(text, this.#pauses.pause(PATIENCE_MS));
    } catch (error) {
      this.#chat.logger.warn(
        { reply: id, ...loggable(error) },
        'a stream ended; the story continues by edits',
      );
      if (this.#stream.ts === undefined) {
        // The stream may have started nevertheless, and would show the beginning of a story for ever.
        if (failureOf(error) === 'temporary') this.#mayBeStreamed = true;
        else this.#streams?.refused(handle, error);
      }
      this.#leaveStream();
    }
  }

  async #endStream(): Promise<void> {
    await this.#stream?.end(this.#aborted).catch((error) => {
      if (this.#task.signal.aborted) throw error;
      // The stream may have ended before; the edit that follows finds out.
      this.#chat.logger.warn({ reply: this.#task.id, ...loggable(error) }, 'a stream was not ended');
    });
    this.#leaveStream();
  }

  /** Continues the story as an edited message: the stream's if it has started. */
  #leaveStream(): void {
    this.#mayStream = false;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    if (stream?.ts !== undefined) this.#goOnBelow(stream.ts);
  }

  /** Leaves the message as it is; the whole story is posted beside it. */
  #leaveMessage(): void {
    this.#isTooOld = true;
    this.#message.releaseSlot();
    const { handle } = this.#task;
    const thread = this.#root?.ts === undefined ? {} : { threadTs: this.#root.ts };
    this.#message = this.#shown({ ...handle, ...thread }, {});
    this.#chat.logger.warn(
      { reply: this.#task.id },
      'a message can no longer be edited; the story is posted whole',
    );
  }

  #goOnBelow(ts: string): void {
    this.#message.releaseSlot();
    this.#root = this.#message;
    const conversation = { ...this.#task.handle, threadTs: this.#root.ts! };
    this.#message = this.#shown(conversation, { ts });
  }

  #shown(conversation: SlackConversation, known: KnownMessage): ShownMessage {
    return new ShownMessage(this.#task, this.#api, this.#budgets, conversation, known);
  }

  async #layOut(state: ReplyState, lay: typeof layOut): Promise<MessageBody> {
    const { id, handle, request } = this.#task;
    const { models, sharing } = this.#chat;
    const wait = state.status === 'waiting' ? await this.#chat.waitingLine(state) : '';
    const facts = {
      id,
      userId: handle.userId,
      request,
      source: handle.source,
      models,
      isSharing: sharing.isOffered,
    };
    return lay(state, facts, wait);
  }

  /** Handles a failed call: throws when the reply is lost, otherwise returns how long to wait. */
  async #afterFailure(error: unknown): Promise<number> {
    this.#task.signal.throwIfAborted();
    if (error instanceof ReplyLost) throw error;
    if (codeOf(error) === TOO_OLD && this.#message.ts !== undefined && !this.#isTooOld) {
      this.#leaveMessage();
      return 0;
    }
    const { logger } = this.#chat;
    const failure = failureOf(error);
    const facts = { reply: this.#task.id, ...loggable(error) };
    if (failure === 'defect') logger.error(facts, 'a reply was not edited');
    else logger.warn(facts, 'a reply was not edited');
    if (!PASSING.includes(failure)) {
      if (CLOSED.includes(failure)) await this.#postEphemeral(invitation(this.#task.handle.botUserId));
      // An answer to a user's action needs no token.
      if (failure === 'unauthorized') await this.#postEphemeral(SHUT_OUT);
      await this.#session.end(this.#aborted);
      throw new ReplyLost(failure, { cause: error });
    }
    const backoffMs = this.#pauses.failed();
    return retryAfterOf(error) ?? backoffMs;
  }

  /** Tells the requester why the reply is not shown any further. */
  async #postEphemeral(sentence: string): Promise<void> {
    const { handle, id } = this.#task;
    if (!handle.responseUrl) return;
    await this.#api.postEphemeral(handle.responseUrl, sentence).catch((error) => {
      this.#chat.logger.warn(
        { reply: id, reason: (error as Error).message },
        'a requester could not be told',
      );
    });
  }
}
