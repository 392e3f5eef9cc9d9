/**
 * The session of the thread in which a reply is shown: Slack shows the agent at work, with a Stop button, until the
 * reply ends. A reply that is continued by another process ends the session as well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mask } from '../../../story/filter/find.ts';
import type { StoryRequest } from '../../../story/story.ts';
import { storyTitle } from '../../../story/title.ts';
import { isDirect, type SlackHandle } from '../conversations.ts';
import { failureOf, retryAfterOf } from '../failures.ts';
import type { SlackAgent } from './agent.ts';

/** Attempts to end a session; after the last one, Slack ends it by itself within the hour. */
const ATTEMPTS = 3;
/** How long a reply waits until its session has ended; after that it ends in the background. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 10_000;

type Thread = SlackHandle & { readonly threadTs: string };

export class AgentSession {
  readonly #agent: SlackAgent;
  readonly #thread: Thread | undefined;
  readonly #title: string | undefined;
  #beginning: Promise<unknown> | undefined;
  /** Gives up the slot of a call that has not been made. */
  #stopWaiting = () => {};

  /** @param handle of the reply; only threads of direct messages have sessions */
  constructor(agent: SlackAgent, handle: SlackHandle, { prompt, context }: StoryRequest) {
    const { channelId, threadTs } = handle;
    this.#agent = agent;
    this.#thread = threadTs !== undefined && isDirect(channelId) ? { ...handle, threadTs } : undefined;
    this.#title = this.#thread && storyTitle(mask(prompt || context));
  }

  /** Shows the agent at work, soon. */
  begin(): void {
    const thread = this.#thread;
    if (!thread || this.#beginning) return;
    const enough = new Promise<void>((resolve) => {
      this.#stopWaiting = resolve;
    });
    this.#beginning = this.#agent.setSession(thread, 'processing', this.#title, 'progress', enough);
  }

  /**
   * Shows that the reply has ended, or gives up; it never rejects, and takes a few seconds at most.
   *
   * @param aborted rejects when another process continues the reply
   */
  async end(aborted: Promise<never>): Promise<void> {
    const thread = this.#thread;
    if (!thread) return;
    this.#stopWaiting();
    // The rate limit may be used up for minutes, and the reply must not wait for that.
    await Promise.race([this.#end(thread, aborted), sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  async #end(thread: Thread, aborted: Promise<never>): Promise<void> {
    await this.#beginning;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const error = await this.#agent.setSession(thread, 'active', this.#title, 'final', aborted);
      const failure = error && failureOf(error);
      if (attempt === ATTEMPTS || (failure !== 'limited' && failure !== 'temporary')) return;
      const pauseMs = Math.min(retryAfterOf(error) ?? PAUSE_MS, PAUSE_MAX_MS);
      const isAborted = await Promise.race([sleep(pauseMs), aborted.catch(() => true)]);
      if (isAborted) return;
    }
  }

  close(): void {
    this.#stopWaiting();
  }
}
