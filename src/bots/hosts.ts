/** Who may start stories that are written together: votes and relays. */
import { StoryError } from '../errors.ts';
import { type CommunityLimitSettings, type Hosts, sentences } from '../queue/admission/settings.ts';
import { atOnce } from '../queue/job-queue.ts';
import { sentenceCase } from '../story/wording.ts';
import type { PromptChannels } from './channel-settings.ts';

const REMEDY =
  'the moderators have set that with /scifi-channel together. Ask one of them, or use another channel.';

/** Where a user wants to start one. */
export interface Start {
  /** The keys of the settings of its channel: of a thread first, and then of the channel that it is in. */
  readonly channels: readonly string[];
  /** As in `Requester`; undefined where there is none. */
  readonly community: string | undefined;
  /** Whether the user may change the channel's settings. */
  readonly isModerator: () => Promise<boolean>;
}

/** Where moderators have set who may start one. */
export interface HostSettings {
  readonly channels: Pick<PromptChannels, 'read'>;
  readonly communityLimits: Pick<CommunityLimitSettings, 'read'>;
}

/**
 * Fails unless a user may start a vote or a relay. A channel's setting has priority over that of its community.
 *
 * @throws StoryError `bad_request` or `queue_unavailable` with a sentence
 */
export async function demandHost(
  kind: 'vote' | 'relay',
  { channels, community, isModerator }: Start,
  settings: HostSettings,
): Promise<void> {
  const hosts = await atOnce(hostsIn(channels, community, settings), sentences.unavailable);
  if (hosts === 'everyone') return;
  if (hosts === 'nobody')
    throw new StoryError('bad_request', `${sentenceCase(kind)}s are off here: ${REMEDY}`);
  if (await isModerator()) return;
  throw new StoryError('bad_request', `Only moderators can start a ${kind} here: ${REMEDY}`);
}

async function hostsIn(
  keys: readonly string[],
  community: string | undefined,
  { channels, communityLimits }: HostSettings,
): Promise<Hosts> {
  const ofChannels = await Promise.all(keys.map((key) => channels.read(key)));
  const own = ofChannels.find((channel) => channel?.hosts)?.hosts;
  if (own) return own;
  return (community && (await communityLimits.read(community)).hosts) || 'everyone';
}

/** A setting as a sentence. */
export function hostsSentence(hosts: Hosts): string {
  const who = { everyone: 'Everyone', moderators: 'Only moderators', nobody: 'No user' }[hosts];
  return `${who} can start stories that are written together here: votes and relays.`;
}
