/**
 * Drives one vote as far as it goes now. Every step is stored before the next one, and can be repeated:
 *
 * 1. The continuations of a round are three stories, whose ids derive from the vote's and the round. They are offered.
 * 2. The choices are shown with the time at which the round ends, which is stored after that.
 * 3. New counts are shown, one edit at a time, until that time. The job waits for it in the queue.
 * 4. The store accepts no ballot any more: the counts are final. The winner joins the story.
 * 5. The next round begins, or the vote is over: a reply with the same id goes on in its messages, and is from then on
 *    like any other; the record of the vote ends with it. Where no reply goes on, the end is shown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Named } from '../../story/shelf.ts';
import type { StoryRequest } from '../../story/story.ts';
import {
  closeRound,
  continuationRequests,
  endRoundAt,
  endVote,
  type NextReply,
  offer,
  replyAfter,
  type Vote,
} from '../../story/vote.ts';
import type { Lease } from '../admission/store.ts';
import { outlast } from '../outage.ts';
import { namedIn, removeStories, takeOff, titleStories } from '../shelf/shelving.ts';
import { writeTogether } from '../together.ts';
import { countsOf, type VoteRecord, voterOf } from './records.ts';
import { isShelved, shelveVote, type VoteShelving } from './shelving.ts';
import type { StoredVote } from './store.ts';

/** How often the record is read for the host's end while the network writes. */
const LOOK_INTERVAL_MS = 1_000;
/** A round whose choices took longer than this to be shown ends later by that, and the message is corrected. */
const SLOW_SHOW_MS = 2_000;

/** Where votes are shown, on one platform. */
export interface VoteBoard<Address> {
  /**
   * Shows a vote in its messages; idempotent.
   *
   * @param counts votes for each choice of an open round
   * @param signal aborted when another process is to show it
   * @returns the messages that show it, and how long to wait before the next edit, in ms
   * @throws VoteLost when it can be shown to no user any more
   */
  show(
    id: string,
    record: VoteRecord<Address>,
    counts: readonly number[],
    signal: AbortSignal,
  ): Promise<{ readonly messages: readonly string[]; readonly pauseMs: number }>;
  /** Deletes messages; one that does not exist is deleted already. */
  remove(address: Address, messages: readonly string[]): Promise<void>;
}

/** A vote cannot be shown to any user any more. */
export class VoteLost extends Error {
  override readonly name = 'VoteLost';
}

export interface VoteDrive<Address> extends VoteShelving<Address> {
  readonly board: VoteBoard<Address>;
  /** Gives a lease on the limits on stories back. */
  readonly giveBack: (lease: Lease) => Promise<void>;
  /** Gives the place among the votes of the channel back. */
  readonly leave: (record: VoteRecord<Address>) => Promise<void>;
  /** Stores the reply that goes on from a vote; idempotent. */
  readonly handOver: (record: VoteRecord<Address>, next: NextReply) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Drives a vote.
 *
 * @returns when to go on, in ms from now; undefined when nothing is left to do
 * @throws the reason with which the signal was aborted; an error of the platform after which another attempt may succeed
 */
export async function driveVote<Address>(drive: VoteDrive<Address>): Promise<number | undefined> {
  const { id, records, board, signal, logger } = drive;
  /** What is shown, as far as this process knows. */
  let shown = '';
  const change = (next: (record: VoteRecord<Address>) => VoteRecord<Address>) =>
    outlast(() => records.update(id, ({ record }) => next(record)), signal);
  const changeVote = (next: (vote: Vote) => Vote) =>
    change((record) => {
      const vote = next(record.vote);
      return vote === record.vote ? record : { ...record, vote };
    });
  /** Shows a record; returns the pause before the next edit. */
  const show = async (record: VoteRecord<Address>, counts: readonly number[]) => {
    signal.throwIfAborted();
    const { messages, pauseMs } = await board.show(id, record, counts, signal);
    shown = keyOf(record.vote, counts);
    if (messages.join() !== record.messages.join()) await change((latest) => ({ ...latest, messages }));
    return pauseMs;
  };
  const giveBack = async ({ lease }: VoteRecord<Address>) => {
    if (!lease) return;
    await drive.giveBack(lease);
    await change((latest) => ({ ...latest, lease: undefined, held: lease }));
  };
  for (;;) {
    signal.throwIfAborted();
    const stored = await outlast(() => records.read(id), signal);
    if (!stored) return undefined;
    const { record, ballots, now } = stored;
    const { vote } = record;
    try {
      if (record.isDeleted) {
        await giveBack(record);
        await removeStories(drive, continuationsOf(drive, vote));
        await removeStories(drive, titleStories(drive, vote.request, vote.text));
        await board.remove(record.address, record.messages);
        await drive.leave(record);
        await takeOff(drive, id, record.channelId);
        await outlast(() => records.remove(id), signal);
        return undefined;
      }
      if (vote.phase === 'writing') {
        if (keyOf(vote, []) !== shown) await show(record, []);
        const written = await writeTogether({
          stories: drive.stories,
          requests: continuationsOf(drive, vote),
          isWanted: async () => {
            const latest = await outlast(() => records.read(id), signal);
            return latest?.record.vote.phase === 'writing' && !latest.record.isDeleted;
          },
          signal,
        });
        await changeVote((latest) =>
          latest.round !== vote.round ? latest : written ? offer(latest, written) : endVote(latest, 'ended'),
        );
        await giveBack(record);
        await removeStories(drive, continuationsOf(drive, vote));
      } else if (vote.phase === 'over') {
        const next = record.isEndShown || record.isForgotten ? undefined : replyAfter(vote);
        if (!next && !record.isEndShown) await show(record, []);
        if (next && isShelved(record)) await show({ ...record, isTitling: true }, []);
        await giveBack(record);
        await drive.leave(record);
        if (next) {
          const titles = await shelveVote(drive);
          const latest = await change((one) => (one.isDeleted ? one : { ...one, isHandedOver: true }));
          if (!latest?.isHandedOver) continue;
          await drive.handOver(latest, withTitles(next, titles));
        }
        const last = await change((latest) => (latest.isEndShown ? latest : { ...latest, isEndShown: true }));
        if (last?.isDeleted) continue;
        if (last?.isForgotten) await outlast(() => records.remove(id), signal);
        return undefined;
      } else if (vote.endsAt === undefined) {
        // At a full second, as it is shown.
        const endsAt = (Math.ceil(now / 1_000) + vote.seconds) * 1_000;
        const begunAt = performance.now();
        await show({ ...record, vote: { ...vote, endsAt } }, countsOf(vote, ballots));
        const tookMs = Math.ceil((performance.now() - begunAt) / 1_000) * 1_000;
        // Users get all of the time also where the platform had no room for the message before.
        const delayMs = tookMs > SLOW_SHOW_MS ? tookMs : 0;
        await changeVote((latest) => {
          const isUndecided = latest.round === vote.round && latest.endsAt === undefined;
          return isUndecided ? endRoundAt(latest, endsAt + delayMs) : latest;
        });
      } else if (now >= vote.endsAt) {
        const named = await namedIn(drive, record.channelId);
        await outlast(() => records.update(id, (latest) => closeIfOver(latest, named)), signal);
      } else {
        const counts = countsOf(vote, ballots);
        if (keyOf(vote, counts) === shown) return vote.endsAt - now;
        const pauseMs = await show(record, counts).catch((error: unknown) => {
          if (error instanceof VoteLost) throw error;
          signal.throwIfAborted();
          // The next edit shows the newest counts; none is shown until another vote arrives.
          logger.warn({ vote: id, reason: (error as Error).message }, 'the counts of a vote were not shown');
          shown = keyOf(vote, counts);
          return LOOK_INTERVAL_MS;
        });
        await sleep(Math.min(pauseMs, vote.endsAt - now), undefined, { signal }).catch(() => {});
      }
    } catch (error) {
      if (!(error instanceof VoteLost) || record.isDeleted) throw error;
      signal.throwIfAborted();
      logger.info({ vote: id, reason: error.message }, 'vote given up');
      await change((latest) => ({ ...latest, vote: endVote(latest.vote, 'failed'), isEndShown: true }));
    }
  }
}

/**
 * Closes the open round if its end has passed: its ballots are final then.
 *
 * @param named users who want to be named if their choice wins
 */
function closeIfOver<Address>(
  { record, ballots, voters, now }: StoredVote<VoteRecord<Address>>,
  named: readonly Named[],
): VoteRecord<Address> {
  const { vote, credits = {} } = record;
  if (vote.phase !== 'open' || vote.endsAt === undefined || now < vote.endsAt) return record;
  const next = closeRound(vote, countsOf(vote, ballots));
  const winner = next.past.at(-1)?.winner;
  const won = new Set(voters.filter((_, index) => ballots[index] === winner));
  const credited = named.filter(({ person }) => won.has(voterOf(record, person)));
  if (credited.length === 0) return { ...record, vote: next };
  const more = credited.map(({ person }) => [person, (credits[person] ?? 0) + 1]);
  return { ...record, vote: next, credits: { ...credits, ...Object.fromEntries(more) } };
}

/** The reply with the titles that its host can choose from. */
function withTitles(next: NextReply, titles: readonly string[] = []): NextReply {
  const { state } = next;
  if (state.status !== 'finished' || !state.chosen || titles.length < 2) return next;
  return { ...next, state: { ...state, chosen: { ...state.chosen, titles } } };
}

function keyOf({ phase, round, endsAt }: Vote, counts: readonly number[]): string {
  return [phase, round, endsAt, ...counts].join();
}

/** The requests of the present round's continuations, by the ids of their stories. */
function continuationsOf(
  { storyPrefix }: Pick<VoteDrive<unknown>, 'storyPrefix'>,
  vote: Vote,
): ReadonlyMap<string, StoryRequest> {
  const requests = continuationRequests(vote);
  return new Map(requests.map((request, index) => [`${storyPrefix}-${vote.round}-${index}`, request]));
}
