/** Puts a finished work on the shelf of its channel, with titles that the network proposes. */
import { type Named, textOf, type Work } from '../../story/shelf.ts';
import type { StoryRequest } from '../../story/story.ts';
import { titleRequests, titlesOf } from '../../story/title-proposals.ts';
import { outlast } from '../outage.ts';
import type { Stories } from '../stories.ts';
import { writeTogether } from '../together.ts';
import type { Shelf } from './shelf.ts';

export interface Shelving<Address> {
  /** The prefix of the ids of the work's stories. */
  readonly storyPrefix: string;
  readonly stories: Stories;
  readonly shelf: Pick<Shelf<Address>, 'finishWork' | 'changeWork' | 'removeWork' | 'named'>;
  /** An address without what is of no use after the end. */
  readonly lasting: (address: Address) => Address;
  readonly signal: AbortSignal;
}

/** The users who want to be named in a channel. */
export async function namedIn<Address>(
  { shelf, signal }: Pick<Shelving<Address>, 'shelf' | 'signal'>,
  channelId: string | undefined,
): Promise<readonly Named[]> {
  return channelId === undefined ? [] : outlast(() => shelf.named(channelId), signal);
}

/** A story that has ended, and goes to the shelf. */
export interface Finished<Address> {
  /** Without its titles, and with the credits of all users who have some. */
  readonly work: Omit<Work<Address>, 'titles'>;
  /** The request with which the network wrote. */
  readonly request: StoryRequest;
  /** Whether the work still belongs on the shelf: it may be deleted, or its host forgotten. */
  readonly isWanted: () => Promise<boolean>;
  /** How long the titles may take, in ms: after that there is the first one alone. */
  readonly patienceMs?: number;
}

/**
 * Adds a work to the shelf, and has its titles written. Every step is stored, and can be repeated.
 *
 * @returns the titles, the first one being the default; undefined when the work is not wanted any more
 */
export async function shelve<Address>(
  shelving: Shelving<Address>,
  { work, request, isWanted, patienceMs = Number.POSITIVE_INFINITY }: Finished<Address>,
): Promise<readonly string[] | undefined> {
  const { shelf, stories, lasting, signal } = shelving;
  const { id, channelId } = work;
  const text = textOf(work);
  const finished = { ...work, address: lasting(work.address), titles: [] };
  const people = await namedIn(shelving, channelId);
  await outlast(() => shelf.finishWork(onlyNamed(finished, people)), signal);
  const requests = titleStories(shelving, request, text);
  const lastMoment = performance.now() + patienceMs;
  const isAwaited = async () => performance.now() < lastMoment && isWanted();
  const written = (await writeTogether({ stories, requests, isWanted: isAwaited, signal })) ?? [];
  await removeStories(shelving, requests);
  if (!(await isWanted())) {
    await takeOff(shelving, id, channelId);
    return undefined;
  }
  const titles = titlesOf(
    text,
    written.map((one) => one.text),
  );
  // A user may have withdrawn the wish to be named just before the work was added.
  const still = await namedIn(shelving, channelId);
  const titled = (latest: Work<Address>) => ({ ...onlyNamed(latest, still), titles });
  await outlast(() => shelf.changeWork(channelId, id, titled), signal);
  return titles;
}

/** Removes a work from the shelf of its channel. */
export async function takeOff<Address>(
  { shelf, signal }: Pick<Shelving<Address>, 'shelf' | 'signal'>,
  id: string,
  channelId: string | undefined,
): Promise<void> {
  if (channelId !== undefined) await outlast(() => shelf.removeWork(channelId, id), signal);
}

/** The requests of a work's titles, by the ids of their stories. */
export function titleStories(
  { storyPrefix }: Pick<Shelving<unknown>, 'storyPrefix'>,
  request: StoryRequest,
  text: string,
): ReadonlyMap<string, StoryRequest> {
  const requests = titleRequests(request, text);
  return new Map(requests.map((one, index) => [`${storyPrefix}-title-${index}`, one]));
}

export async function removeStories(
  { stories, signal }: Pick<Shelving<unknown>, 'stories' | 'signal'>,
  requests: ReadonlyMap<string, StoryRequest>,
): Promise<void> {
  const remove = (storyId: string) => outlast(() => stories.remove(storyId), signal);
  await Promise.all([...requests.keys()].map(remove));
}

/** A work without the credits of users who do not want to be named. */
function onlyNamed<Address>(work: Work<Address>, named: readonly Named[]): Work<Address> {
  const isNamed = ([person]: readonly [string, number]) => named.some((one) => one.person === person);
  return { ...work, credits: Object.fromEntries(Object.entries(work.credits).filter(isNamed)) };
}
