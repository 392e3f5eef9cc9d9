/** What a channel has written together: its works, the best of a week, and who took part. Pure. */

import { firstSentences } from './continuations.ts';
import type { Segment } from './paragraphs.ts';
import type { PastRound, StoryRequest } from './story.ts';
import { storyTitle } from './title.ts';

/** A line to which users have reacted. */
export interface LikedLine {
  readonly text: string;
  readonly reactions: number;
}

/** A finished story that users of a channel wrote together. */
export interface Work<Address = unknown> {
  /** Unique on its platform. */
  readonly id: string;
  readonly kind: 'vote' | 'relay';
  /** The channel, as the key of its settings. */
  readonly channelId: string;
  /** As limits name communities; absent outside of one. */
  readonly community?: string;
  /** The user who started it, in the platform's terms. */
  readonly hostId: string;
  /** Where its messages are, in the platform's terms. */
  readonly address: Address;
  /** The messages that show it, the first one first. */
  readonly messages: readonly string[];
  /** The settings with which the network wrote. */
  readonly request: Pick<StoryRequest, 'model' | 'preset' | 'temperature' | 'seed'>;
  /** The text: users' words are segments of the kind `prompt`. */
  readonly segments: readonly Segment[];
  /** Where the channel chose between continuations. */
  readonly forks: readonly PastRound[];
  /** Of a relay: the line to which users had reacted most when it ended. It names no author. */
  readonly liked?: LikedLine;
  /** The titles to choose from. */
  readonly titles: readonly string[];
  /** The index of the chosen title; absent for the first. */
  readonly title?: number;
  /** In ms since 1970. */
  readonly finishedAt: number;
  /**
   * What users who want to be named have contributed, by their names in limits: rounds that their choice won, or
   * lines. One line counts as one round.
   */
  readonly credits: Readonly<Record<string, number>>;
  /** The reactions to its messages, as they were counted last. */
  readonly reactions?: { readonly count: number; readonly at: number };
  /** The address of its first message. */
  readonly link?: string;
}

export function textOf({ segments }: Pick<Work, 'segments'>): string {
  return segments.map(({ text }) => text).join('');
}

/** The chosen title; the opening words while none is proposed. */
export function titleOf(work: Pick<Work, 'titles' | 'title' | 'segments'>): string {
  return work.titles[work.title ?? 0] ?? storyTitle(textOf(work));
}

/** The votes in all of a work's forks. */
export function votesIn({ forks }: Pick<Work, 'forks'>): number {
  return forks.reduce((total, fork) => total + ballotsIn(fork), 0);
}

function ballotsIn({ counts }: PastRound): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Works, best first: by reactions, then by votes, then the newest. */
export function bestFirst<Each extends Work>(works: readonly Each[]): Each[] {
  const reactionsOf = ({ reactions }: Work) => reactions?.count ?? 0;
  return [...works].sort(
    (one, other) =>
      reactionsOf(other) - reactionsOf(one) ||
      votesIn(other) - votesIn(one) ||
      other.finishedAt - one.finishedAt,
  );
}

/** A line with the votes or the reactions that it has. */
export interface BestLine<Each> {
  readonly work: Each;
  readonly text: string;
  readonly count: number;
  readonly of: 'votes' | 'reactions';
}

/** The best of some works. */
export interface Highlights<Each extends Work = Work> {
  /** The first sentences of the best work. */
  readonly opening: { readonly work: Each; readonly text: string };
  /**
   * The choice that won with the most votes, other than in the fork below where there is another line, or the line of a
   * relay that has more reactions than that has votes.
   */
  readonly line?: BestLine<Each>;
  /** The fork with the most votes. */
  readonly fork?: { readonly work: Each; readonly fork: PastRound; readonly votes: number };
}

/** The highlights of some works; undefined without any. */
export function highlightsOf<Each extends Work>(works: readonly Each[]): Highlights<Each> | undefined {
  const ranked = bestFirst(works);
  const [best] = ranked;
  if (!best) return undefined;
  const forks = ranked
    .flatMap((work) => work.forks.map((fork) => ({ work, fork, votes: ballotsIn(fork) })))
    .filter(({ votes }) => votes > 0)
    .sort((one, other) => other.votes - one.votes);
  const [fork, ...others] = forks;
  const lines = [...others.map(winnerIn), ...ranked.flatMap(likedLineOf)];
  const [line = fork && winnerIn(fork)] = lines.sort((one, other) => other.count - one.count);
  return {
    opening: { work: best, text: firstSentences(textOf(best)) },
    ...(line ? { line } : {}),
    ...(fork ? { fork } : {}),
  };
}

/** The choice that has won in a fork. */
function winnerIn<Each>({ work, fork }: { readonly work: Each; readonly fork: PastRound }): BestLine<Each> {
  const { choices, counts, winner = 0 } = fork;
  return { work, text: choices[winner]!, count: counts[winner]!, of: 'votes' };
}

function likedLineOf<Each extends Work>(work: Each): BestLine<Each>[] {
  const { liked } = work;
  return liked ? [{ work, text: liked.text, count: liked.reactions, of: 'reactions' }] : [];
}

/** A user who wants to be named. */
export interface Named {
  readonly userId: string;
  /** As limits name requesters. */
  readonly person: string;
  /** As limits name communities; absent outside of one. */
  readonly community?: string;
}

/** What one user has contributed to the works of a channel. */
export interface Contribution {
  readonly userId: string;
  /** Rounds that the user's choice won, and lines. */
  readonly contributed: number;
  readonly hosted: number;
}

/** The contributions of the users who want to be named, the greatest first. */
export function contributionsTo(works: readonly Work[], named: readonly Named[]): Contribution[] {
  return named
    .map(({ userId, person }) => ({
      userId,
      contributed: works.reduce((total, { credits }) => total + (credits[person] ?? 0), 0),
      hosted: works.filter(({ hostId }) => hostId === userId).length,
    }))
    .sort((one, other) => other.contributed - one.contributed || other.hosted - one.hosted);
}
