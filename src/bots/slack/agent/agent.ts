/**
 * The calls of Slack's agent view: its suggested prompts, and the sessions of its threads. They only decorate a
 * reply, so a refused call fails nothing; a workspace whose Slack refuses them is not asked again for an hour.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, Cooldowns } from '../../cooldowns.ts';
import type { SlackApi } from '../api.ts';
import type { SlackConversation, Workspace } from '../conversations.ts';
import { failureOf, loggable, type SlackFailure } from '../failures.ts';
import { type Budgets, CallSlot, type Priority } from '../reply/budgets.ts';

/** What Slack shows for the session of a thread: a working agent with a Stop button, or nothing. */
export type SessionStatus = 'processing' | 'active';

/** A prompt that a user can choose: its label, and the message that it sends. */
export interface SuggestedPrompt {
  readonly title: string;
  readonly message: string;
}

/** After this time a workspace is asked again: plans and settings of workspaces change. */
const RETRY_MS = 3_600_000;
/** How long suggestions wait for the rate limit. */
const PATIENCE_MS = 2_000;
/** Failures that say nothing about the next call. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'gone'];

export class SlackAgent {
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #logger: Logger;
  readonly #refusals: Cooldowns;
  /**
   * Whether a workspace has granted the agent view to the app. Where it has not, direct messages are answered
   * without threads.
   */
  readonly isIn: (workspace: Workspace) => Promise<boolean>;

  constructor(
    api: SlackApi,
    budgets: Budgets,
    logger: Logger,
    isIn: (workspace: Workspace) => Promise<boolean>,
    clock: Clock,
  ) {
    this.#api = api;
    this.#budgets = budgets;
    this.#logger = logger;
    this.#refusals = new Cooldowns(RETRY_MS, clock);
    this.isIn = isIn;
  }

  /** Suggests prompts below the latest message of direct messages, if the rate limit allows it soon. */
  async suggest(conversation: SlackConversation, title: string, prompts: SuggestedPrompt[]): Promise<void> {
    const { channelId } = conversation;
    const enough = sleep(PATIENCE_MS, undefined, { ref: false });
    await this.#attempt(conversation, 'prompts', 'progress', enough, (token) =>
      // With a thread's timestamp, Slack would ignore the prompts of an agent.
      this.#api.client.assistant.threads.setSuggestedPrompts({
        token,
        channel_id: channelId,
        title,
        prompts,
      }),
    );
  }

  /**
   * Sets the status of a thread's session, which is created with the title if there is none.
   *
   * @param enough resolves, or rejects, when waiting for the rate limit is useless
   * @returns Slack's error if it refused the call
   */
  setSession(
    conversation: SlackConversation & { readonly threadTs: string },
    status: SessionStatus,
    title: string | undefined,
    priority: Priority,
    enough: Promise<unknown>,
  ): Promise<unknown> {
    const { channelId: channel_id, threadTs: thread_ts } = conversation;
    return this.#attempt(conversation, 'session', priority, enough, (token) =>
      this.#api.client.agents.sessions.setStatus({
        token,
        channel_id,
        thread_ts,
        status,
        ...(title === undefined ? {} : { title }),
      }),
    );
  }

  async #attempt(
    workspace: Workspace,
    method: 'prompts' | 'session',
    priority: Priority,
    enough: Promise<unknown>,
    call: (token: string) => Promise<unknown>,
  ): Promise<unknown> {
    const { teamId } = workspace;
    const slot = new CallSlot();
    try {
      if (this.#refusals.isRunning(teamId) || !(await this.isIn(workspace))) return undefined;
      if (
        !(await slot.wait(
          this.#budgets.of(method, teamId),
          priority,
          enough.catch(() => {}),
        ))
      )
        return undefined;
      const token = await this.#api.tokenOf(workspace);
      await slot.use(() => call(token));
      return undefined;
    } catch (error) {
      if (!PASSING.includes(failureOf(error))) this.#refusals.begin(teamId);
      this.#logger.info({ team: teamId, ...loggable(error) }, 'Slack refuses a call of the agent view');
      return error;
    } finally {
      slot.giveUp();
    }
  }
}
