/** Turns a user's action on Slack into a reply in the queue, within Slack's three seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Requester } from '../../queue/admission/store.ts';
import type { ModelChoice } from '../../story/story.ts';
import { type AskTools, logged, type ParsedRequest, submit } from '../submit.ts';
import type { SlackApi } from './api.ts';
import type { People } from './commands/people.ts';
import type { SlackHandle } from './handle.ts';
import type { Budgets } from './reply/budgets.ts';

/** How long to wait for the queue before the action is acknowledged. */
const PATIENCE_MS = 300;
const CROWDED =
  'Many stories are being written in this workspace at the moment. Yours comes whole, as soon as it is done.';

export interface SlackTools extends AskTools<SlackHandle> {
  readonly api: SlackApi;
  readonly budgets: Budgets;
  readonly people: People;
  readonly models: readonly ModelChoice[];
}

/** A user's action, and how it is answered. */
export interface Asked {
  /** The reply's id: the same for every copy of the same action. */
  readonly id: string;
  readonly handle: Omit<SlackHandle, 'at' | 'source'>;
  /** Acknowledges the action; with a sentence for the requester, if there is one. */
  readonly acknowledge: (sentence?: string) => Promise<void>;
  /** Sends the requester a sentence after the acknowledgement. */
  readonly replyEphemeral: (sentence: string) => Promise<void>;
}

/**
 * Answers with a story. The action is acknowledged once the story is stored in the queue, so that a crash
 * loses no acknowledged story; and earlier when the queue is slow.
 *
 * @param prepare determines the request, which may take longer than that
 */
export async function answerWithStory(
  { id, handle, acknowledge, replyEphemeral }: Asked,
  prepare: () => Promise<ParsedRequest>,
  tools: SlackTools,
): Promise<void> {
  const isCrowded = tools.budgets.isCrowded(handle.teamId);
  const ask = async () => {
    const at = Date.now();
    const { request, source } = await prepare();
    const requester = requesterOf(handle.teamId, handle.userId);
    await submit(tools, id, request, () => ({ ...handle, at, ...(source ? { source } : {}) }), requester);
  };
  const asking = ask().then(
    () => 'accepted' as const,
    (error: unknown) => logged(error, tools.logger).message,
  );
  const soon = await Promise.race([asking, sleep(PATIENCE_MS)]);
  if (soon && soon !== 'accepted') return acknowledge(soon);
  await acknowledge(isCrowded ? CROWDED : undefined).catch((error) => {
    // The story is in the queue nevertheless.
    tools.logger.warn({ reply: id, reason: (error as Error).message }, 'not acknowledged');
  });
  const outcome = await asking;
  if (outcome !== 'accepted') await replyEphemeral(outcome);
}

/** The requester that the queue uses for a Slack user; direct messages belong to the workspace, too. */
export function requesterOf(teamId: string, userId: string): Requester {
  return { person: `slack:${teamId}:${userId}`, community: communityOf(teamId) };
}

/** The community that the queue uses for a workspace. */
export function communityOf(teamId: string): string {
  return `slack:${teamId}`;
}

/**
 * A part of a job id: job ids must not contain colons, and Slack's ids contain no other special character.
 */
export function idPart(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '-');
}
