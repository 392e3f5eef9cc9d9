/**
 * The layout of a reply's message: takes a state and its facts, returns blocks. A reply is one message,
 * regardless of the length of its story. Pure.
 */
import type { types } from '@slack/bolt';
import { mask } from '../../../story/filter/find.ts';
import type { ModelChoice, ReplyState, StoryRequest } from '../../../story/story.ts';
import { AGAIN_LABELS, againActions } from '../../../story/story.ts';
import { smallPrint } from '../../../story/wording.ts';
import { clean } from '../../text/sanitise.ts';
import type { Part } from '../../text/split.ts';
import { actionIdOf, againValue, stopValue } from './buttons.ts';
import {
  fallbackOf,
  partsOf,
  plain,
  plainSection,
  SECTIONS_MAX,
  sectionOf,
  smallPrintOf,
} from './story-text.ts';

/** What a reply's message depends on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
}

export interface MessageBody {
  /** For notifications and screen readers. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

const BLOCK_PREFIX = 'scifi-reply-';

/** Lays out a state. `wait` is the text of a waiting reply. */
export function layOut(state: ReplyState, facts: ReplyFacts, wait: string): MessageBody {
  if (state.status === 'waiting') {
    return { text: fallbackOf(wait), blocks: [smallPrintOf(wait), stopRow(facts)] };
  }
  const { request } = facts;
  const all = partsOf(clean(state.text), request.prompt.length);
  const parts = all.slice(0, SECTIONS_MAX);
  const sections = parts.map((part: Part, index) => sectionOf(part, index));
  const [first] = parts;
  if (state.status === 'writing') {
    const blocks = [...sections, ...(first ? [] : [smallPrintOf('…')]), stopRow(facts)];
    return { text: fallbackOf(first?.text ?? ''), blocks };
  }
  const print = smallPrint(state, { ...facts, isCut: all.length > parts.length });
  return {
    text: fallbackOf(first?.text ?? print),
    blocks: [...sections, smallPrintOf(print), againRow(state, facts)],
  };
}

/** The message above a streamed story: its opening, and Stop while it grows. */
export function layOutRoot(state: ReplyState, facts: ReplyFacts, wait: string): MessageBody {
  if (state.status === 'waiting') return layOut(state, facts, wait);
  const { prompt } = facts.request;
  const [opening] = partsOf(clean(mask(prompt)), prompt.length);
  const sections = opening ? [plainSection(opening.text)] : [];
  const print = smallPrintOf(
    state.status === 'writing' ? 'The story grows in the thread' : 'The story is in the thread',
  );
  return {
    text: fallbackOf(opening?.text ?? ''),
    blocks:
      state.status === 'writing'
        ? [...sections, print, stopRow(facts)]
        : [...sections, { ...print, block_id: BLOCK_PREFIX + facts.id }],
  };
}

/** The id of the reply that a message shows; undefined when it is not one of the bot's. */
export function replyIdOf(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return undefined;
  for (const { block_id } of blocks as { block_id?: string }[]) {
    if (block_id?.startsWith(BLOCK_PREFIX)) return block_id.slice(BLOCK_PREFIX.length);
  }
  return undefined;
}

function stopRow({ id, userId }: ReplyFacts): types.ActionsBlock {
  const stop: types.Button = {
    type: 'button',
    style: 'danger',
    action_id: actionIdOf('stop'),
    text: plain('Stop'),
    value: stopValue(id, userId),
  };
  return { type: 'actions', block_id: BLOCK_PREFIX + id, elements: [stop] };
}

function againRow(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  { id, request, source }: ReplyFacts,
): types.ActionsBlock {
  const value = againValue({
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    source: request.context ? source : undefined,
  });
  const elements = againActions(state.text).map(
    (action): types.Button => ({
      type: 'button',
      ...(action === 'continue' ? { style: 'primary' } : {}),
      action_id: actionIdOf(action),
      text: plain(AGAIN_LABELS[action]),
      value,
    }),
  );
  return { type: 'actions', block_id: BLOCK_PREFIX + id, elements };
}
