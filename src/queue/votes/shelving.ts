/** Puts a vote that is over on the shelf of its channel, with titles that the network proposes. */
import { mask } from '../../story/filter/find.ts';
import type { Named, Work } from '../../story/shelf.ts';
import type { StoryRequest } from '../../story/story.ts';
import { titleRequests, titlesOf } from '../../story/title-proposals.ts';
import type { Vote } from '../../story/vote.ts';
import { outlast } from '../outage.ts';
import type { Shelf } from '../shelf/shelf.ts';
import type { Stories } from '../stories.ts';
import { writeTogether } from '../together.ts';
import type { VoteRecord, VoteRecords } from './records.ts';

export interface Shelving<Address> {
  readonly id: string;
  /** The prefix of its stories' ids. */
  readonly storyPrefix: string;
  readonly records: VoteRecords<Address>;
  readonly stories: Stories;
  readonly shelf: Pick<Shelf<Address>, 'finishWork' | 'changeWork' | 'removeWork' | 'named'>;
  readonly signal: AbortSignal;
}

/** The users who want to be named in the channel of a vote. */
export async function namedIn<Address>(
  { shelf, signal }: Pick<Shelving<Address>, 'shelf' | 'signal'>,
  { channelId }: VoteRecord<Address>,
): Promise<readonly Named[]> {
  return channelId === undefined ? [] : outlast(() => shelf.named(channelId), signal);
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
export async function shelve<Address>(drive: Shelving<Address>): Promise<readonly string[] | undefined> {
  const { id, records, shelf, stories, signal } = drive;
  const read = () => outlast(() => records.read(id), signal);
  const isWanted = async () => {
    const latest = await read();
    return latest !== undefined && isShelved(latest.record);
  };
  const stored = await read();
  if (!stored || !isShelved(stored.record)) return undefined;
  const { record, now } = stored;
  const { channelId, vote } = record;
  if (record.titles) return record.titles;
  // A user who does not want to be named any more has no credit.
  const people = (await namedIn(drive, record)).map(({ person }) => person);
  const credits = Object.entries(record.credits ?? {}).filter(([person]) => people.includes(person));
  const work = workOf(id, channelId!, { ...record, credits: Object.fromEntries(credits) }, now);
  await outlast(() => shelf.finishWork(work), signal);
  const requests = titlesFor(drive, vote);
  const written = await writeTogether({ stories, requests, isWanted, signal });
  await removeStories(drive, requests);
  // The vote may have been deleted, or its host forgotten, before the work was added.
  if (!written || !(await isWanted())) {
    await takeOff(drive, record);
    return undefined;
  }
  const titles = titlesOf(
    vote.text,
    written.map(({ text }) => text),
  );
  await outlast(() => shelf.changeWork(channelId!, id, (one) => ({ ...one, titles })), signal);
  const titled = ({ credits: _, ...latest }: VoteRecord<Address>) => ({ ...latest, titles });
  await outlast(() => records.update(id, ({ record: latest }) => titled(latest)), signal);
  return titles;
}

/** Removes a vote from the shelf. */
export async function takeOff<Address>(
  { id, shelf, signal }: Pick<Shelving<Address>, 'id' | 'shelf' | 'signal'>,
  { channelId }: VoteRecord<Address>,
): Promise<void> {
  if (channelId !== undefined) await outlast(() => shelf.removeWork(channelId, id), signal);
}

export async function removeStories(
  { stories, signal }: Pick<Shelving<unknown>, 'stories' | 'signal'>,
  requests: ReadonlyMap<string, StoryRequest>,
): Promise<void> {
  const remove = (storyId: string) => outlast(() => stories.remove(storyId), signal);
  await Promise.all([...requests.keys()].map(remove));
}

/** The requests of a vote's titles, by the ids of their stories. */
export function titlesFor(
  { storyPrefix }: Pick<Shelving<unknown>, 'storyPrefix'>,
  { request, text }: Vote,
): ReadonlyMap<string, StoryRequest> {
  const requests = titleRequests(request, text);
  return new Map(requests.map((one, index) => [`${storyPrefix}-title-${index}`, one]));
}

function workOf<Address>(
  id: string,
  channelId: string,
  { vote, hostId, community, address, messages, credits = {} }: VoteRecord<Address>,
  finishedAt: number,
): Work<Address> {
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
    titles: [],
    finishedAt,
    credits,
  };
}
