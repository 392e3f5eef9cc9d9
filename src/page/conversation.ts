/** All exchanges of the page: requests, following and storage. */
import { isFinal, type ReplyState } from '../story/story.ts';
import { warmthAfter } from '../story/variations.ts';
import { type Action, flash } from './actions.ts';
import { ApiError, type StoryBackend } from './backend/backend.ts';
import { copyText, downloadText, drawSeed, later, newId, wait } from './browser.ts';
import { Exchange, type ViewContext } from './exchange.ts';
import { followReply, submitReply } from './following.ts';
import { hashForThread } from './link.ts';
import { type Ask, continuationContext, failed, mergeState, type Reply, textOf, wholeText } from './reply.ts';
import type { ReplyStore } from './store.ts';
import { beginningLine, endingAnnouncement, fileNameFor, footerLines, wordCount } from './words.ts';

/** How often a growing story is written to the browser's storage. */
const SAVE_EVERY_MS = 1_000;

/** The part of the page around the conversation. */
export interface ConversationView {
  readonly list: HTMLElement;
  readonly announce: (text: string) => void;
  /** The present context of the exchanges, in addition to their replies. */
  readonly context: () => ViewContext;
  /** Called with a request for the user to edit. */
  readonly onEdit: (ask: Ask) => void;
  /** Called when an exchange was added or removed. */
  readonly onCount: (exchanges: number) => void;
}

interface Thread {
  replies: Reply[];
  readonly exchange: Exchange;
  isDisconnected: boolean;
  following: AbortController;
}

/** The page's exchanges, from the oldest to the newest. */
export class Conversation {
  readonly #backend: StoryBackend;
  readonly #store: ReplyStore;
  readonly #view: ConversationView;
  readonly #threads = new Map<string, Thread>();
  readonly #unsaved = new Map<string, Reply>();
  #saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: StoryBackend, store: ReplyStore, view: ConversationView) {
    this.#backend = backend;
    this.#store = store;
    this.#view = view;
  }

  /** Shows stored replies, and follows unfinished ones. */
  restore(): void {
    const { remembers } = this.#backend;
    // A backend that no longer knows a reply receives it again: the same request gives the same story.
    for (const reply of this.#store.all()) {
      this.#append(remembers || isFinal(reply.state) ? reply : { ...reply, submitted: false });
    }
    for (const [id, { replies }] of this.#threads) {
      this.#show(id);
      if (!isFinal(replies.at(-1)!.state)) void this.#follow(id);
      else this.#continuePlan(id);
    }
  }

  /**
   * Requests a story; as a part of `threadId` when it continues one.
   *
   * @param nextSeeds seeds of the parts that follow automatically
   */
  ask(ask: Ask, threadId: string = newId(), nextSeeds: readonly number[] = []): void {
    const state: ReplyState = { status: 'waiting', position: null };
    const planned = nextSeeds.length > 0 ? { nextSeeds } : {};
    const reply = { id: newId(), thread: threadId, ask, state, submitted: false, ...planned };
    this.#store.add(reply);
    this.#append(reply);
    this.#show(threadId);
    void this.#follow(threadId);
  }

  /** Whether a reply still waits for its first character. */
  get isWaiting(): boolean {
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
      if (!isFinal(last.state)) this.#backend.api.stop(last.id).catch(() => {});
    }
    this.#threads.clear();
    this.#unsaved.clear();
    this.#store.clear();
    this.#view.onCount(0);
  }

  /** Writes changes to the browser's storage. */
  save(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    if (this.#unsaved.size > 0) this.#store.update([...this.#unsaved.values()]);
    this.#unsaved.clear();
  }

  #append(reply: Reply): void {
    const known = this.#threads.get(reply.thread);
    if (known) {
      known.replies = [...known.replies, reply];
      return;
    }
    const exchange = new Exchange(reply, (action, button) => void this.#act(reply.thread, action, button));
    this.#threads.set(reply.thread, {
      replies: [reply],
      exchange,
      isDisconnected: false,
      following: new AbortController(),
    });
    this.#view.list.append(exchange.element);
    this.#view.onCount(this.#threads.size);
  }

  /** Submits and follows the last reply of a thread until it is over. */
  async #follow(threadId: string): Promise<void> {
    const thread = this.#threads.get(threadId)!;
    const { signal } = thread.following;
    const { id, ask, submitted } = thread.replies.at(-1)!;
    const change = (next: (reply: Reply) => Reply) => signal.aborted || this.#change(threadId, id, next);
    const onConnection = (isLost: boolean) => {
      if (thread.isDisconnected === isLost || signal.aborted) return;
      thread.isDisconnected = isLost;
      this.#show(threadId);
    };
    try {
      if (!submitted) {
        const send = async () => {
          const request = await this.#backend.api.submit(id, ask);
          change((reply) => ({ ...reply, ask: request, submitted: true }));
        };
        await submitReply(send, { wait }, () => onConnection(true));
      }
      const onState = (state: ReplyState) =>
        change((reply) => ({ ...reply, state: mergeState(reply.state, state) }));
      const end = await followReply(id, this.#backend, { wait, later }, { onState, onConnection }, signal);
      if (end === 'unknown')
        throw new ApiError(
          'not_found',
          'The computer no longer has this story. Its text so far stays on this page.',
        );
    } catch (error) {
      const { code, message } =
        error instanceof ApiError ? error : new ApiError('internal', 'The page failed. Please reload it.');
      change((reply) => ({ ...reply, state: failed(reply.state, { code, message }) }));
    }
  }

  #change(threadId: string, id: string, next: (reply: Reply) => Reply): void {
    const thread = this.#threads.get(threadId);
    const index = thread?.replies.findIndex((reply) => reply.id === id) ?? -1;
    if (thread === undefined || index === -1) return;
    const before = thread.replies[index]!;
    const after = next(before);
    thread.replies = thread.replies.with(index, after);
    thread.isDisconnected = false;
    this.#unsaved.set(id, after);
    if (isFinal(after.state) || after.submitted !== before.submitted) this.save();
    else this.#saveTimer ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
    if (before.state.status === 'waiting' && after.state.status === 'writing')
      this.#view.announce('Story started');
    const beginning = beginningLine(after.state);
    if (!isFinal(after.state) && beginning !== beginningLine(before.state)) this.#view.announce(beginning);
    if (!isFinal(before.state) && isFinal(after.state)) {
      this.#view.announce(endingAnnouncement(after.state, wordCount(textOf(after.state))));
      this.#continuePlan(threadId);
    }
    this.#show(threadId);
  }

  /** Requests the next part in a link's plan, once the part before it is complete. */
  #continuePlan(threadId: string): void {
    const { replies } = this.#threads.get(threadId)!;
    const { ask, state, nextSeeds = [] } = replies.at(-1)!;
    const [seed, ...rest] = nextSeeds;
    if (seed === undefined || state.status !== 'finished' || state.ending !== 'complete') return;
    this.ask({ ...ask, prompt: '', context: continuationContext(replies), seed }, threadId, rest);
  }

  #show(threadId: string): void {
    const thread = this.#threads.get(threadId);
    thread?.exchange.show(thread.replies, this.#view.context(), thread.isDisconnected);
  }

  async #act(threadId: string, action: Action, button: HTMLButtonElement): Promise<void> {
    const { replies } = this.#threads.get(threadId)!;
    const last = replies.at(-1)!;
    const seed = drawSeed();
    switch (action) {
      case 'stop':
        return this.#stop(last, button);
      case 'continue':
        return this.ask({ ...last.ask, prompt: '', context: continuationContext(replies), seed }, threadId);
      case 'another':
        return this.ask({ ...last.ask, seed });
      case 'warmer':
      case 'cooler':
        return this.ask({ ...last.ask, ...warmthAfter(action, last.ask) });
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
      await this.#backend.api.stop(last.id);
    } catch {
      button.ariaDisabled = null;
      button.textContent = 'Stop';
    }
  }

  /**
   * Requests the same again in the same exchange, with a new id: the server answers an old id with its old
   * result.
   */
  #retry(threadId: string, last: Reply): void {
    const thread = this.#threads.get(threadId)!;
    thread.replies = thread.replies.filter(({ id }) => id !== last.id);
    this.#store.remove(last.id);
    this.ask(last.ask, threadId, last.nextSeeds);
  }

  /** Returns a request that failed before its first word to the form. */
  #edit(threadId: string, last: Reply): void {
    const { exchange } = this.#threads.get(threadId)!;
    exchange.remove();
    this.#threads.delete(threadId);
    this.#unsaved.delete(last.id);
    this.#store.remove(last.id);
    this.#view.onCount(this.#threads.size);
    this.#view.onEdit(last.ask);
  }

  async #copy(text: string, button: HTMLButtonElement, action: Action, done: string): Promise<void> {
    const copied = await copyText(text);
    const answer = copied ? done : 'The browser does not allow it';
    flash(button, action, answer);
    this.#view.announce(answer);
  }

  #asFile(replies: readonly Reply[]): string {
    const facts = footerLines(replies, this.#view.context().models);
    return [wholeText(replies), '', '--', ...facts, ''].join('\n');
  }
}
