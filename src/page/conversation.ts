/** All exchanges of the page: requests, following and storage. */
import type { ModelChoice, ReplyState } from '../story/story.ts';
import { DEGREE, warmed } from '../story/story.ts';
import { type Action, flash } from './actions.ts';
import { ApiError, type StoryApi } from './api.ts';
import { continuationContext, wholeText } from './continuation.ts';
import { copyText, downloadText } from './dom.ts';
import { Exchange, type ViewContext } from './exchange.ts';
import { type FollowTools, followReply, submitReply } from './following.ts';
import { hashForThread } from './link.ts';
import { type Ask, failHere, isOver, mergeState, type Reply, textOf } from './reply.ts';
import type { ReplyStore } from './store.ts';
import { endingAnnouncement, fileNameFor, footerLine, wordCount } from './words.ts';

/** How often a growing story is written to the browser's storage. */
const SAVE_EVERY_MS = 1_000;

/** The dependencies of the conversation. */
export interface ConversationTools extends FollowTools {
  readonly api: StoryApi;
  /** Whether a reply submitted before a reload is still known after it. */
  readonly remembers: boolean;
  readonly store: ReplyStore;
  readonly list: HTMLElement;
  readonly announce: (text: string) => void;
  readonly newId: () => string;
  readonly drawSeed: () => number;
  /** The present view context of the exchanges, in addition to their replies. */
  readonly viewContext: () => ViewContext;
  /** Called with a request for the user to edit. */
  readonly onEdit: (ask: Ask) => void;
  /** Called when an exchange was added or removed. */
  readonly onCount: (exchanges: number) => void;
}

interface Thread {
  replies: Reply[];
  readonly exchange: Exchange;
  trouble: boolean;
  following: AbortController;
}

/** The page's exchanges, from the oldest to the newest. */
export class Conversation {
  readonly #tools: ConversationTools;
  readonly #threads = new Map<string, Thread>();
  readonly #unsaved = new Map<string, Reply>();
  #saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(tools: ConversationTools) {
    this.#tools = tools;
  }

  /** Shows stored replies, and follows unfinished ones. */
  restore(): void {
    const { store, remembers } = this.#tools;
    // A backend that no longer knows a reply receives it again: the same request gives the same story.
    for (const reply of store.all()) {
      this.#place(remembers || isOver(reply.state) ? reply : { ...reply, submitted: false });
    }
    for (const [id, { replies }] of this.#threads) {
      this.#show(id);
      if (!isOver(replies.at(-1)!.state)) void this.#carry(id);
      else this.#goOn(id);
    }
  }

  /**
   * Requests a story; as a part of `threadId` when it continues one.
   *
   * @param nextSeeds seeds of the parts that follow automatically
   */
  ask(ask: Ask, threadId: string = this.#tools.newId(), nextSeeds: readonly number[] = []): void {
    const state: ReplyState = { status: 'waiting', position: null };
    const planned = nextSeeds.length > 0 ? { nextSeeds } : {};
    const reply = { id: this.#tools.newId(), thread: threadId, ask, state, submitted: false, ...planned };
    this.#tools.store.add(reply);
    this.#place(reply);
    this.#show(threadId);
    void this.#carry(threadId);
  }

  /** Whether a reply still waits for its first character. */
  get waits(): boolean {
    return [...this.#threads.values()].some(({ replies }) => replies.at(-1)!.state.status === 'waiting');
  }

  /** Redraws everything that depends on more than the replies. */
  refresh(): void {
    for (const id of this.#threads.keys()) this.#show(id);
  }

  /** Focuses the newest exchange. */
  focusNewest(): void {
    [...this.#threads.values()].at(-1)?.exchange.focus();
  }

  /** Removes all replies, and stops the unfinished ones. */
  clear(): void {
    for (const { replies, exchange, following } of this.#threads.values()) {
      following.abort();
      exchange.remove();
      const last = replies.at(-1)!;
      if (!isOver(last.state)) this.#tools.api.stop(last.id).catch(() => {});
    }
    this.#threads.clear();
    this.#unsaved.clear();
    this.#tools.store.clear();
    this.#tools.onCount(0);
  }

  /** Writes changes to the browser's storage. */
  save(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    if (this.#unsaved.size > 0) this.#tools.store.update([...this.#unsaved.values()]);
    this.#unsaved.clear();
  }

  #place(reply: Reply): void {
    const known = this.#threads.get(reply.thread);
    if (known) {
      known.replies = [...known.replies, reply];
      return;
    }
    const exchange = new Exchange(reply, (action, button) => void this.#act(reply.thread, action, button));
    this.#threads.set(reply.thread, {
      replies: [reply],
      exchange,
      trouble: false,
      following: new AbortController(),
    });
    this.#tools.list.append(exchange.element);
    this.#tools.onCount(this.#threads.size);
  }

  /** Submits and follows the last reply of a thread until it is over. */
  async #carry(threadId: string): Promise<void> {
    const thread = this.#threads.get(threadId)!;
    const { signal } = thread.following;
    const { id, ask, submitted } = thread.replies.at(-1)!;
    const change = (next: (reply: Reply) => Reply) => signal.aborted || this.#change(threadId, id, next);
    const trouble = (lost: boolean) => {
      if (thread.trouble === lost || signal.aborted) return;
      thread.trouble = lost;
      this.#show(threadId);
    };
    try {
      if (!submitted) {
        const send = async () => {
          const request = await this.#tools.api.submit(id, ask);
          change((reply) => ({ ...reply, ask: request, submitted: true }));
        };
        await submitReply(send, this.#tools, () => trouble(true));
      }
      const onState = (state: ReplyState) =>
        change((reply) => ({ ...reply, state: mergeState(reply.state, state) }));
      const end = await followReply(id, this.#tools, { onState, onTrouble: trouble }, signal);
      if (end === 'unknown')
        throw new ApiError('not_found', 'The computer no longer has this story. What it wrote is kept here.');
    } catch (error) {
      const { code, message } =
        error instanceof ApiError ? error : new ApiError('internal', 'The page broke. Please reload it.');
      change((reply) => failHere(reply, code, message));
    }
  }

  #change(threadId: string, id: string, next: (reply: Reply) => Reply): void {
    const thread = this.#threads.get(threadId);
    const index = thread?.replies.findIndex((reply) => reply.id === id) ?? -1;
    if (thread === undefined || index === -1) return;
    const before = thread.replies[index]!;
    const after = next(before);
    thread.replies = thread.replies.with(index, after);
    thread.trouble = false;
    this.#unsaved.set(id, after);
    if (isOver(after.state) || after.submitted !== before.submitted) this.save();
    else this.#saveTimer ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
    if (before.state.status === 'waiting' && after.state.status === 'writing')
      this.#tools.announce('Story started');
    if (!isOver(before.state) && isOver(after.state)) {
      this.#tools.announce(endingAnnouncement(after.state, wordCount(textOf(after.state))));
      this.#goOn(threadId);
    }
    this.#show(threadId);
  }

  /** Requests the next part in a link's plan, once the part before it is complete. */
  #goOn(threadId: string): void {
    const { replies } = this.#threads.get(threadId)!;
    const { ask, state, nextSeeds = [] } = replies.at(-1)!;
    const [seed, ...rest] = nextSeeds;
    if (seed === undefined || state.status !== 'finished' || state.ending !== 'complete') return;
    this.ask({ ...ask, prompt: '', context: continuationContext(replies), seed }, threadId, rest);
  }

  #show(threadId: string): void {
    const thread = this.#threads.get(threadId);
    thread?.exchange.show(thread.replies, this.#tools.viewContext(), thread.trouble);
  }

  async #act(threadId: string, action: Action, button: HTMLButtonElement): Promise<void> {
    const { replies } = this.#threads.get(threadId)!;
    const last = replies.at(-1)!;
    const seed = this.#tools.drawSeed();
    switch (action) {
      case 'stop':
        return this.#stop(last, button);
      case 'continue':
        return this.ask({ ...last.ask, prompt: '', context: continuationContext(replies), seed }, threadId);
      case 'another':
        return this.ask({ ...last.ask, seed });
      case 'warmer':
        return this.ask({ ...last.ask, temperature: warmed(last.ask.temperature, DEGREE) });
      case 'cooler':
        return this.ask({ ...last.ask, temperature: warmed(last.ask.temperature, -DEGREE) });
      case 'retry':
        return this.#retry(threadId, last);
      case 'edit':
        return this.#edit(threadId, last);
      case 'copy':
        return this.#copy(wholeText(replies), button, action, 'Copied');
      case 'link':
        return this.#copy(
          new URL(hashForThread(replies)!, location.href).href,
          button,
          action,
          'Link copied',
        );
      case 'download':
        return downloadText(fileNameFor(wholeText(replies)), this.#asFile(replies));
    }
  }

  async #stop(last: Reply, button: HTMLButtonElement): Promise<void> {
    if (button.ariaDisabled === 'true') return;
    // Not `disabled`, which would remove the focus from the button during a press.
    button.ariaDisabled = 'true';
    button.textContent = 'Stopping…';
    try {
      await this.#tools.api.stop(last.id);
    } catch {
      button.ariaDisabled = null;
      button.textContent = 'Stop';
    }
  }

  /**
   * Requests the same again in the same exchange, with a new id: the server answers an old id with its old
   * result.
   */
  #retry(threadId: string, failed: Reply): void {
    const thread = this.#threads.get(threadId)!;
    thread.replies = thread.replies.filter(({ id }) => id !== failed.id);
    this.#tools.store.remove(failed.id);
    this.ask(failed.ask, threadId, failed.nextSeeds);
  }

  /** Returns a request that failed before its first word to the form. */
  #edit(threadId: string, failed: Reply): void {
    const { exchange } = this.#threads.get(threadId)!;
    exchange.remove();
    this.#threads.delete(threadId);
    this.#unsaved.delete(failed.id);
    this.#tools.store.remove(failed.id);
    this.#tools.onCount(this.#threads.size);
    this.#tools.onEdit(failed.ask);
  }

  async #copy(text: string, button: HTMLButtonElement, action: Action, done: string): Promise<void> {
    const copied = await copyText(text);
    const answer = copied ? done : 'The browser forbids it';
    flash(button, action, answer);
    this.#tools.announce(answer);
  }

  #asFile(replies: readonly Reply[]): string {
    const models: readonly ModelChoice[] = this.#tools.viewContext().models;
    const facts = replies.flatMap(({ ask, state }) =>
      state.status === 'finished' ? [footerLine(ask, state, models)] : [],
    );
    return [wholeText(replies), '', '--', ...facts, ''].join('\n');
  }
}
