/** Titles that the network proposes for a story. Pure. */
import { mask } from './filter/find.ts';
import { STORY_BOUNDS, type StoryRequest } from './story.ts';
import { storyTitle } from './title.ts';
import { endOf } from './variations.ts';

/** Titles that are proposed for a story. */
export const TITLES = 3;
/**
 * What the network continues with a title: after these words it writes a noun and its attributes. In the same place,
 * `The book was called “` brings whole sentences, and capital letters alone bring words that do not exist.
 */
const LEAD = 'It was the story of the ';
/** Characters that the network writes, most of which are cut off. */
const LENGTH = 90;
/** Characters of the story that it reads before. */
const CONTEXT = 1_000;
/** Seeds of titles are apart from those of a vote's continuations, which follow the story's seed. */
const SEED_OFFSET = 1_000;
const WORDS_MAX = 6;
const LETTERS_MIN = 3;
/** A title ends before one of these words. */
const ENDS = new Set(
  (
    'a about across after again ago all also although am an any are as asked at away back be became because been before began ' +
    'being but by came can come comes could did do does down each ever every for found from gave get go goes going got ' +
    'had has have he her here him his how i if in into is it its itself just knew like made make may me might more must ' +
    'my never no not now nothing off on once only or other our out over own put quite rather said same saw say says seemed ' +
    'she should so some still such take than that their them then there these they this those though through to ' +
    'together told too took turned under until up upon us very was we well went were what when where which while who ' +
    'whom whose why will with without would yet you your probably'
  ).split(' '),
);
/** Words that join two parts of a title, so that no title ends with them. */
const JOINTS = new Set(['of', 'and', 'the']);

/** The requests of a story's titles, under different seeds. */
export function titleRequests(request: StoryRequest, text: string): StoryRequest[] {
  return Array.from({ length: TITLES }, (_, index) => ({
    ...request,
    preset: 'calm' as const,
    prompt: LEAD,
    context: `${endOf(text, CONTEXT).trimEnd()}\n\n`,
    length: LENGTH,
    seed: (request.seed + SEED_OFFSET + index) % (STORY_BOUNDS.seed.max + 1),
  }));
}

/**
 * The titles of a story: its opening words, which say the most about it, and what the network wrote for the requests
 * above. Each is there once.
 */
export function titlesOf(text: string, written: readonly string[]): string[] {
  const titles = [storyTitle(mask(text)), ...written.map((one) => titleIn(one))];
  const isNew = (title: string, index: number) =>
    titles.findIndex((one) => one?.toLowerCase() === title.toLowerCase()) === index;
  return titles
    .filter((title, index) => title !== undefined && isNew(title, index))
    .slice(0, TITLES) as string[];
}

/** `The Second Valley`; undefined where there is no noun. */
function titleIn(written: string): string | undefined {
  const [clause = ''] = written.slice(LEAD.length).split(/[^\p{L}\p{N}'’ -]/u);
  const words = mask(clause).split(/\s+/).filter(Boolean);
  const end = words.findIndex((word) => ENDS.has(word.toLowerCase()));
  const kept = words.slice(0, end < 0 ? WORDS_MAX : Math.min(end, WORDS_MAX));
  while (JOINTS.has(kept.at(-1)?.toLowerCase() ?? '')) kept.pop();
  if (kept.join('').length < LETTERS_MIN) return undefined;
  const title = kept.map((word) => (JOINTS.has(word.toLowerCase()) ? word.toLowerCase() : capitalised(word)));
  return storyTitle(['The', ...title].join(' '));
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
