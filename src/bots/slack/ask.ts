/** From something a person did on Slack to a reply in the queue, within Slack's three seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Requester } from '../../queue/admission/requester.ts';
import type { ModelChoice } from '../../story/story.ts';
import { type AskTools, logged, type ParsedRequest, submit } from '../submit.ts';
import type { SlackApi } from './api.ts';
import type { People } from './commands/people.ts';
import type { SlackHandle } from './handle.ts';
import type { Budgets } from './reply/budgets.ts';

/** How long the queue is waited for before Slack is told that somebody has heard. */
const PATIENCE_MS = 300;
const CROWDED =
  'Many stories are being written in this workspace at the moment. Yours comes whole, as soon as it is done.';

export interface SlackTools extends AskTools<SlackHandle> {
  readonly api: SlackApi;
  readonly budgets: Budgets;
  readonly people: People;
  readonly models: readonly ModelChoice[];
}

/** Something that a person did, and how it is answered. */
export interface Asked {
  /** Of the reply: the same for every copy of the same deed. */
  readonly id: string;
  readonly handle: Omit<SlackHandle, 'at' | 'source'>;
  /** Tells Slack that it was heard; with a sentence for the one who asked, where there is one. */
  readonly acknowledge: (sentence?: string) => Promise<void>;
  /** Says something to the one who asked after that. */
  readonly replyEphemeral: (sentence: string) => Promise<void>;
}

/**
 * Answers with a story. Slack is told when the story is safe in the queue, so that a crash loses none that was
 * acknowledged; and before that when the queue takes its time.
 *
 * @param prepare finds out what is wished for, which may take longer than that
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
    // The story is in the queue all the same.
    tools.logger.warn({ reply: id, reason: (error as Error).message }, 'not acknowledged');
  });
  const outcome = await asking;
  if (outcome !== 'accepted') await replyEphemeral(outcome);
}

/** Who somebody on Slack is to the queue: direct messages are a workspace's, too. */
export function requesterOf(teamId: string, userId: string): Requester {
  return { person: `slack:${teamId}:${userId}`, community: communityOf(teamId) };
}

/** A workspace, likewise. */
export function communityOf(teamId: string): string {
  return `slack:${teamId}`;
}

/** A part of an id that a queue takes: its ids know no colons, and Slack's hold nothing else that is odd. */
export function idPart(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '-');
}
