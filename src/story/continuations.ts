/** Continuations of a sentence or two, of which readers choose one. Pure. */
import { STORY_BOUNDS, type StoryRequest } from './story.ts';

/** Continuations that are offered at once. */
export const CHOICES = 3;
/** The most characters that the network writes of a continuation, before it is cut at the end of a sentence. */
export const CONTINUATION_LENGTH = 280;
/** A continuation is one sentence if that has at least this many characters, and two otherwise. */
const ENOUGH = 80;
/**
 * The end of a sentence, with the quotation marks and brackets that belong to it. The full stop of a title or an
 * initial ends none.
 */
const SENTENCE_END =
  /(?<!\b(?:[A-HJ-Z]|Mr|Mrs|Ms|Dr|Prof|Capt|Lt|Col|Sgt|Gen|St)(?=\.\s))[.!?…]+["'”’)\]]*(?=\s|$)/g;

/** The same request under different seeds, which follow one another. */
export function alternatives<Request extends Pick<StoryRequest, 'seed'>>(request: Request): Request[] {
  return Array.from({ length: CHOICES }, (_, index) => ({
    ...request,
    seed: (request.seed + index) % (STORY_BOUNDS.seed.max + 1),
  }));
}

/** The first sentence of a text, or the first two where the first is short; without a sentence, the whole text. */
export function firstSentences(text: string): string {
  const written = text.trim();
  const ends = [...written.matchAll(SENTENCE_END)].map((end) => end.index + end[0].length);
  const [first = written.length, second = first] = ends;
  return written.slice(0, first >= ENOUGH ? first : second);
}

/**
 * The first sentences of a text that follows a whole sentence: without punctuation at its beginning, and empty where no
 * letter is left.
 */
export function nextSentences(text: string): string {
  const sentences = firstSentences(text.replace(/^[\s.,;:!?…]+/, ''));
  return /\p{L}/u.test(sentences) ? sentences : '';
}

/** The request that the network is given: for a brief one, no more is written than is kept. */
export function writtenRequest(request: StoryRequest): StoryRequest {
  const { brief, ...others } = request;
  if (!brief) return request;
  return { ...others, length: Math.min(request.length, request.prompt.length + CONTINUATION_LENGTH) };
}

/** The part of a text that is kept: of a brief one, the prompt and the first sentences after it. */
export function keptText({ brief, prompt }: Pick<StoryRequest, 'brief' | 'prompt'>, text: string): string {
  if (!brief) return text;
  const written = text.slice(prompt.length);
  const space = written.length - written.trimStart().length;
  return text.slice(0, prompt.length + space) + firstSentences(written);
}
