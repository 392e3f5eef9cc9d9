/**
 * Drives one relay as far as it goes now. Every step is stored before the next one, and can be repeated:
 *
 * 1. The message above the thread is posted, the thread's key is stored, and the thread is opened.
 * 2. Where events may have been missed, the thread is read, and the lines are mended.
 * 3. A line of the network is a story, whose id derives from the relay's and the number of the draft. It joins the
 *    lines, and then it is posted.
 * 4. A relay that is closing is read once more; then it is put on the shelf of its channel, and its end is shown.
 * 5. Otherwise the job waits in the queue until the relay ends by itself. A new line wakes it.
 */
import type { Logger } from 'pino';
import {
  beginDraft,
  draftRequest,
  finishDraft,
  isDue,
  posted,
  refused,
  unposted,
} from '../../story/relay/drafts.ts';
import { reconcile } from '../../story/relay/lines.ts';
import {
  closeRelay,
  type Draft,
  deadlineOf,
  finishRelay,
  type Relay,
  textOf,
} from '../../story/relay/relay.ts';
import type { Lease } from '../admission/store.ts';
import { outlast } from '../outage.ts';
import type { Hold } from '../records/jobs.ts';
import { removeStories, takeOff, titleStories } from '../shelf/shelving.ts';
import { writeTogether } from '../together.ts';
import { ended, givenUp, type RelayBoard, RelayLost, type RelayRecord, snapshotOf } from './record.ts';
import { isShelved, likedLine, type RelayShelving, shelveRelay, showOnShelf } from './shelving.ts';
import type { RelayThreads } from './threads.ts';

export interface RelayDrive<Address> extends Omit<RelayShelving<Address>, 'signal'> {
  readonly board: RelayBoard<Address>;
  /** Stores or removes the key of the relay's thread. */
  readonly threads: Pick<RelayThreads, 'add' | 'remove'>;
  /** Gives a lease on the limits on stories back. */
  readonly giveBack: (lease: Lease) => Promise<void>;
  /** Gives the place among the relays of the channel back. */
  readonly leave: (record: RelayRecord<Address>) => Promise<void>;
  readonly logger: Logger;
  readonly hold: Hold;
}

/**
 * Drives a relay.
 *
 * @returns when to go on, in ms from now; undefined when nothing is left to do
 * @throws the reason with which the signal was aborted; an error of the platform after which another attempt may succeed
 */
export async function driveRelay<Address>(drive: RelayDrive<Address>): Promise<number | undefined> {
  const { id, records, hold, logger, clock } = drive;
  for (;;) {
    hold.signal.throwIfAborted();
    const record = await outlast(() => records.read(id), hold.signal);
    if (!record) return undefined;
    try {
      const next = await step(drive, record);
      if (next === 'over') return undefined;
      if (typeof next === 'number') return next;
    } catch (error) {
      if (!(error instanceof RelayLost) || record.isDeleted) throw error;
      hold.signal.throwIfAborted();
      logger.info({ relay: id, reason: error.message }, 'relay given up');
      if (!record.isEndShown) await takeOff(shelvingOf(drive), id, record.channelId);
      await changing(drive)((latest) => {
        // Where the thread cannot be written to, the message above it may still show the end.
        const isEnding = record.relay.phase !== 'over' && latest.head !== undefined;
        if (!isEnding) return givenUp(latest, clock(), drive.lasting);
        return { ...latest, relay: finishRelay(latest.relay, 'failed', clock()) };
      });
    }
  }
}

/** Takes the next step. Returns when to go on, in ms from now; undefined for at once. */
async function step<Address>(
  drive: RelayDrive<Address>,
  record: RelayRecord<Address>,
): Promise<number | 'over' | undefined> {
  const { id, board, hold, clock } = drive;
  const { signal } = hold;
  const { relay } = record;
  const change = changing(drive);
  const changeRelay = (next: (relay: Relay) => Relay) =>
    change((latest) => {
      const changed = next(latest.relay);
      return changed === latest.relay ? latest : { ...latest, relay: changed };
    });
  if (record.isDeleted) return remove(drive, record);
  if (relay.phase === 'over') return end(drive, record);
  if (record.head === undefined) {
    await hold.confirm();
    const head = await board.announce(id, record, signal);
    const thread = board.threadOf(record.address, head);
    await outlast(() => drive.threads.add(thread, id), signal);
    await board.openThread(record.address, head, relay);
    // A line may have been posted before the thread's key was known.
    await change((latest) => ({ ...latest, head, thread, looks: latest.looks + 1 }));
    await giveBack(drive, record);
    return undefined;
  }
  const line = unposted(relay);
  if (line) {
    await hold.confirm();
    const message = await board.say(id, record, line, signal);
    await changeRelay((latest) =>
      message === undefined ? refused(latest, line.draft!) : posted(latest, line.draft!, message),
    );
    return undefined;
  }
  const isClosing = relay.phase === 'closing';
  if (isClosing || record.looked < record.looks) {
    const at = clock();
    const thread = await board.read(record, signal);
    await change((latest) => {
      const { relay: before } = latest;
      const mended = thread ? reconcile(before, snapshotOf(record, thread, at), relay) : before;
      if (!isClosing) return { ...latest, looked: record.looks, relay: mended };
      const next = finishRelay(mended, before.ending ?? 'ended', clock());
      const liked = thread && likedLine(next.lines, thread);
      return { ...latest, looked: record.looks, relay: next, ...(liked ? { liked } : {}) };
    });
    return undefined;
  }
  if (relay.draft) {
    const { number } = relay.draft;
    const text = await write(drive, relay, relay.draft);
    if (text !== undefined) await changeRelay((latest) => finishDraft(latest, number, text, clock()));
    await outlast(() => drive.stories.remove(storyIdOf(drive, number)), signal);
    return undefined;
  }
  if (isDue(relay)) {
    await changeRelay((latest) => (isDue(latest) && !latest.draft ? beginDraft(latest) : latest));
    return undefined;
  }
  const deadline = deadlineOf(relay);
  const now = clock();
  if (now < deadline.at) return deadline.at - now;
  await changeRelay((latest) =>
    deadlineOf(latest).at <= now ? closeRelay(latest, deadline.ending, now) : latest,
  );
  return undefined;
}

async function end<Address>(
  drive: RelayDrive<Address>,
  record: RelayRecord<Address>,
): Promise<'over' | undefined> {
  const { id, board, hold, records } = drive;
  const change = changing(drive);
  if (!record.isEndShown) {
    if (isShelved(record) && !record.titles) {
      await shelveRelay(shelvingOf(drive), record);
      return undefined;
    }
    await hold.confirm();
    const messages = await board.end(id, record, hold.signal);
    await showOnShelf(shelvingOf(drive), record, messages);
    await change((latest) => ({ ...latest, end: messages, ...ended(latest, drive.lasting) }));
    return undefined;
  }
  await giveBack(drive, record);
  await drive.leave(record);
  await forgetThread(drive, record);
  if (record.isForgotten) await outlast(() => records.remove(id), hold.signal);
  const latest = await outlast(() => records.read(id), hold.signal);
  return latest?.isDeleted ? undefined : 'over';
}

async function remove<Address>(drive: RelayDrive<Address>, record: RelayRecord<Address>): Promise<'over'> {
  const { id, board, records, stories, hold } = drive;
  const { relay, head, end: shown } = record;
  const shelving = shelvingOf(drive);
  await giveBack(drive, record);
  await removeStories(shelving, titleStories(shelving, relay.request, textOf(relay)));
  if (relay.draft) {
    const { number } = relay.draft;
    await outlast(() => stories.remove(storyIdOf(drive, number)), hold.signal);
  }
  const lines = relay.lines.flatMap(({ by, message }) => (by === undefined && message ? [message] : []));
  await board.remove(record, [...shown, ...lines, ...(head === undefined ? [] : [head])]);
  await takeOff(shelving, id, record.channelId);
  await drive.leave(record);
  await forgetThread(drive, record);
  await outlast(() => records.remove(id), hold.signal);
  return 'over';
}

async function giveBack<Address>(drive: RelayDrive<Address>, { lease }: RelayRecord<Address>): Promise<void> {
  if (!lease) return;
  await drive.giveBack(lease);
  await changing(drive)((latest) => ({ ...latest, lease: undefined }));
}

async function forgetThread<Address>(
  { threads, hold }: RelayDrive<Address>,
  { thread }: RelayRecord<Address>,
): Promise<void> {
  if (thread !== undefined) await outlast(() => threads.remove(thread), hold.signal);
}

function shelvingOf<Address>(drive: RelayDrive<Address>): RelayShelving<Address> {
  return { ...drive, signal: drive.hold.signal };
}

function changing<Address>({ id, records, hold }: RelayDrive<Address>) {
  return (next: (record: RelayRecord<Address>) => RelayRecord<Address>) =>
    outlast(() => records.update(id, next), hold.signal);
}

function storyIdOf({ storyPrefix }: Pick<RelayDrive<unknown>, 'storyPrefix'>, draft: number): string {
  return `${storyPrefix}-${draft}`;
}

/**
 * Has a draft written.
 *
 * @returns its text, empty when it failed; undefined when the relay ends meanwhile
 */
async function write<Address>(
  drive: RelayDrive<Address>,
  relay: Relay,
  draft: Draft,
): Promise<string | undefined> {
  const { id, stories, records, hold } = drive;
  const { signal } = hold;
  const written = await writeTogether({
    stories,
    requests: new Map([[storyIdOf(drive, draft.number), draftRequest(relay, draft)]]),
    isWanted: async () => {
      const latest = await outlast(() => records.read(id), signal);
      return latest?.relay.draft?.number === draft.number && !latest.isDeleted;
    },
    signal,
  });
  return written && (written[0]?.text ?? '');
}
