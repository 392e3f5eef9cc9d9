/** The titles under a story on a shelf, of which its host chooses one: sentences of every platform. Pure. */
import type { ReplyState } from '../../story/story.ts';

/** A button with a title. */
export interface TitleButton {
  readonly workId: string;
  /** The index of the title. */
  readonly title: number;
  /** The user who started the work, in the platform's terms. */
  readonly hostId: string;
}

export const NOT_HOST = 'Only the user who started this story, or a moderator, can choose its title.';
export const NOT_ON_SHELF = 'This story is not on the shelf of this channel any more, so it needs no title.';

/** The titles under an ended reply. */
export function titlesUnder(state: ReplyState): readonly string[] {
  return state.status === 'finished' ? (state.chosen?.titles ?? []) : [];
}

export function titleLabel(title: string): string {
  return `Title: ${title}`;
}

/** The answer to the choice of a title. */
export function titleChosen(title: string): string {
  return `This story is listed in /scifi-shelf as “${title}” now.`;
}
