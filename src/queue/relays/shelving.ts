/** Puts a relay that is over on the shelf of its channel. */
import { isShared, type RelayLine, segmentsOf } from '../../story/relay/relay.ts';
import type { LikedLine, Named, Work } from '../../story/shelf.ts';
import { outlast } from '../outage.ts';
import type { Records } from '../records/records.ts';
import { namedIn, type Shelving, shelve } from '../shelf/shelving.ts';
import { authorOf, type RelayBoard, type RelayRecord, type RelayThread } from './record.ts';

/** Users wait for the end of a relay: it has its titles within this time, or only the first one. */
const TITLES_MS = 20_000;

export interface RelayShelving<Address> extends Shelving<Address> {
  readonly id: string;
  readonly records: Records<RelayRecord<Address>>;
  readonly board: Pick<RelayBoard<Address>, 'addressInThread'>;
  readonly clock: () => number;
}

/** Whether a relay that is over goes to the shelf: users and the network have written it together. */
export function isShelved(record: RelayRecord<unknown>): boolean {
  const { relay, channelId, head, isDeleted, isForgotten } = record;
  if (channelId === undefined || head === undefined || isDeleted || isForgotten) return false;
  return relay.ending !== 'failed' && isShared(relay);
}

/** Adds a relay to the shelf, and has its titles written. Every step is stored, and can be repeated. */
export async function shelveRelay<Address>(
  drive: RelayShelving<Address>,
  record: RelayRecord<Address>,
): Promise<void> {
  const { id, records, signal, clock } = drive;
  const isWanted = async () => {
    const latest = await outlast(() => records.read(id), signal);
    return latest !== undefined && isShelved(latest);
  };
  const named = await namedIn(drive, record.channelId);
  const work = workOf(drive, record, named, clock());
  const { request } = record.relay;
  const titles = await shelve(drive, { work, request, isWanted, patienceMs: TITLES_MS });
  if (titles) await outlast(() => records.update(id, (latest) => ({ ...latest, titles })), signal);
}

/** Notes on a work which messages show it. */
export async function showOnShelf<Address>(
  { id, shelf, signal }: Pick<RelayShelving<Address>, 'id' | 'shelf' | 'signal'>,
  { channelId }: RelayRecord<Address>,
  messages: readonly string[],
): Promise<void> {
  if (channelId === undefined) return;
  await outlast(() => shelf.changeWork(channelId, id, (work) => ({ ...work, messages })), signal);
}

/** The line to which users have reacted most, the first of several; undefined without a reaction. */
export function likedLine(lines: readonly RelayLine[], thread: RelayThread): LikedLine | undefined {
  let liked: LikedLine | undefined;
  for (const { text, message = '' } of lines) {
    const reactions = thread.reactions.get(message) ?? 0;
    if (reactions > (liked?.reactions ?? 0)) liked = { text, reactions };
  }
  return liked;
}

function workOf<Address>(
  { id, board }: Pick<RelayShelving<Address>, 'id' | 'board'>,
  record: RelayRecord<Address>,
  named: readonly Named[],
  finishedAt: number,
): Omit<Work<Address>, 'titles'> {
  const { relay, channelId, community, hostId, address, head, liked } = record;
  const { model, preset, temperature, seed } = relay.request;
  const linesOf = ({ person }: Named) => {
    const { key } = authorOf(record, person, undefined);
    return relay.lines.filter(({ by }) => by === key).length;
  };
  const credits = named.map((one) => [one.person, linesOf(one)] as const).filter(([, lines]) => lines > 0);
  return {
    id,
    kind: 'relay',
    channelId: channelId!,
    ...(community ? { community } : {}),
    hostId,
    address: board.addressInThread(address, head!),
    messages: [],
    request: { model, temperature, seed, ...(preset ? { preset } : {}) },
    segments: segmentsOf(relay),
    forks: [],
    ...(liked ? { liked } : {}),
    finishedAt,
    credits: Object.fromEntries(credits),
  };
}
