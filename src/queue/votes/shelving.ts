/** Puts a vote that is over on the shelf of its channel. */
import { mask } from '../../story/filter/find.ts';
import type { Work } from '../../story/shelf.ts';
import { outlast } from '../outage.ts';
import { type Shelving, shelve } from '../shelf/shelving.ts';
import type { VoteRecord, VoteRecords } from './records.ts';

export interface VoteShelving<Address> extends Shelving<Address> {
  readonly id: string;
  readonly records: VoteRecords<Address>;
}

/** Whether a vote that is over goes to the shelf: a channel has chosen some of it. */
export function isShelved({ vote, channelId, isDeleted, isForgotten }: VoteRecord<unknown>): boolean {
  if (channelId === undefined || vote.kind === 'openings' || isDeleted || isForgotten) return false;
  return vote.past.some(({ winner }) => winner !== undefined);
}

/**
 * Adds a vote to the shelf, and has its titles written. Every step is stored, and can be repeated.
 *
 * @returns the titles, the first one being the default; undefined for a vote that does not go to the shelf
 */
export async function shelveVote<Address>(
  drive: VoteShelving<Address>,
): Promise<readonly string[] | undefined> {
  const { id, records, signal } = drive;
  const read = () => outlast(() => records.read(id), signal);
  const isWanted = async () => {
    const latest = await read();
    return latest !== undefined && isShelved(latest.record);
  };
  const stored = await read();
  if (!stored || !isShelved(stored.record)) return undefined;
  const { record, now } = stored;
  if (record.titles) return record.titles;
  const work = workOf(id, record.channelId!, record, now);
  const titles = await shelve(drive, { work, request: record.vote.request, isWanted });
  if (!titles) return undefined;
  const titled = ({ credits: _, ...latest }: VoteRecord<Address>) => ({ ...latest, titles });
  await outlast(() => records.update(id, ({ record: latest }) => titled(latest)), signal);
  return titles;
}

function workOf<Address>(
  id: string,
  channelId: string,
  { vote, hostId, community, address, messages, credits = {} }: VoteRecord<Address>,
  finishedAt: number,
): Omit<Work<Address>, 'titles'> {
  const { request, text, past } = vote;
  const { model, preset, temperature, seed, prompt } = request;
  const opening = mask(prompt).trimEnd();
  return {
    id,
    kind: 'vote',
    channelId,
    ...(community ? { community } : {}),
    hostId,
    address,
    messages,
    request: { model, temperature, seed, ...(preset ? { preset } : {}) },
    segments: [
      { kind: 'prompt', text: opening },
      { kind: 'written', text: text.slice(opening.length) },
    ],
    forks: past,
    finishedAt,
    credits,
  };
}
