/** How the network writes its lines of a relay. Pure. */
import { CONTINUATION_LENGTH, nextSentences } from '../continuations.ts';
import { STORY_BOUNDS, type StoryRequest } from '../story.ts';
import { sentenceContext } from '../variations.ts';
import { closeIfFull, type Draft, lineText, type Relay, type RelayLine, textOf } from './relay.ts';

/** A draft is begun again when the lines change meanwhile, this often. */
const DRAFTS_MAX = 3;

/** Asks the network for a line; undefined when its last one is not followed by a line yet. */
export function ask(relay: Relay, at: number): Relay | undefined {
  if (relay.phase !== 'open' || !mayAnswer(relay.lines)) return undefined;
  return { ...relay, isAsked: true, lastAt: Math.max(relay.lastAt, at) };
}

/** Whether the network is to write a line now. */
export function isDue({ phase, every, unanswered, isAsked, lines }: Relay): boolean {
  if (phase !== 'open') return false;
  return (isAsked === true && mayAnswer(lines)) || (every > 0 && unanswered >= every);
}

export function beginDraft(relay: Relay): Relay {
  const number = relay.drafts + 1;
  return { ...relay, drafts: number, draft: { number, revision: relay.revision, tries: 1 } };
}

/** The request of a draft: it reads the story so far, as much as the network can read of it. */
export function draftRequest(relay: Relay, { number }: Draft): StoryRequest {
  const { request } = relay;
  return {
    ...request,
    prompt: '',
    context: sentenceContext(textOf(relay)),
    length: CONTINUATION_LENGTH,
    seed: (request.seed + number - 1) % (STORY_BOUNDS.seed.max + 1),
  };
}

/**
 * Takes what the network wrote. A draft that follows lines which have changed meanwhile is begun again, a few times;
 * so is one without text, after which the network waits for the next line.
 */
export function finishDraft(relay: Relay, number: number, text: string, at: number): Relay {
  const { draft, ...others } = relay;
  if (relay.phase !== 'open' || draft?.number !== number) return relay;
  const written = lineText(nextSentences(text)).replaceAll(/\s+/g, ' ');
  const isStale = draft.revision !== relay.revision;
  if ((isStale || written === '') && draft.tries < DRAFTS_MAX && isDue(others)) {
    const again = beginDraft(others);
    return { ...again, draft: { ...again.draft!, tries: draft.tries + 1 } };
  }
  const { isAsked: _, ...answered } = others;
  // Every line that was to be answered is deleted, or there is nothing to add.
  if (written === '' || !isDue(others))
    return { ...answered, unanswered: isDue(others) ? 0 : relay.unanswered };
  const lines = [...relay.lines, { text: written, at, draft: number }];
  return closeIfFull({ ...answered, lines, unanswered: 0, revision: relay.revision + 1 }, at);
}

/** The line of the network that is to be posted next. */
export function unposted({ lines }: Relay): RelayLine | undefined {
  return lines.find(({ draft, message }) => draft !== undefined && message === undefined);
}

/** Takes a line of the network out that its platform refuses. */
export function refused(relay: Relay, draft: number): Relay {
  return {
    ...relay,
    lines: relay.lines.filter((line) => line.draft !== draft),
    revision: relay.revision + 1,
  };
}

/** Records the message of a line of the network. */
export function posted(relay: Relay, draft: number, message: string): Relay {
  const lines = relay.lines.map((line) => (line.draft === draft ? { ...line, message } : line));
  return { ...relay, lines };
}

/** Whether the network may write the next line: it does not write two in a row. */
function mayAnswer(lines: Relay['lines']): boolean {
  return lines.length === 0 || lines.at(-1)!.by !== undefined;
}
