/** The layout of a reply's messages: takes a state and its facts, returns contents and buttons. Pure. */
import type { APIMessageTopLevelComponent } from 'discord.js';
import type { ModelChoice, ReplyState, StoryRequest } from '../../story/story.ts';
import { AGAIN_LABELS, againActions } from '../../story/story.ts';
import { smallPrint } from '../../story/wording.ts';
import { clean } from '../text/sanitise.ts';
import type { Part } from '../text/split.ts';
import type { MessageBody } from './api.ts';
import { encodeAgain, encodeStop } from './custom-id.ts';
import { contentOf, partsOf } from './story-text.ts';

/** Discord's numeric component types; discord.js is not loaded for two of them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE = { primary: 1, secondary: 2, danger: 4 } as const;

/** What a reply's messages depend on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
  /** The most messages that the reply may have. */
  readonly most: number;
  /** Why the reply has to end early, if it has to. */
  readonly note?: string | undefined;
}

/** A reply as messages; a message's buttons need the ids of the messages before it. */
export interface Layout {
  readonly count: number;
  body(index: number, ids: readonly (string | undefined)[]): Required<MessageBody>;
}

/** Lays out a state. `wait` is the text of a waiting reply. */
export function layOut(state: ReplyState, facts: ReplyFacts, wait: string): Layout {
  if (state.status === 'waiting') {
    return { count: 1, body: () => ({ content: contentOf(undefined, wait), components: stopRow(facts) }) };
  }
  const { request, most } = facts;
  const all = partsOf(clean(state.text), request.prompt.length);
  const parts: (Part | undefined)[] = all.length > 0 ? all.slice(0, most) : [undefined];
  const isCut = all.length > most;
  const last = parts.length - 1;
  return {
    count: parts.length,
    body(index, ids) {
      const part = parts[index];
      if (index < last) return { content: contentOf(part), components: [] };
      if (state.status === 'writing') return { content: contentOf(part), components: stopRow(facts) };
      return {
        content: contentOf(part, smallPrint(state, { ...facts, isCut })),
        components: againRow(state, facts, index, ids),
      };
    },
  };
}

function stopRow({ id, userId }: ReplyFacts): APIMessageTopLevelComponent[] {
  const stop = { type: BUTTON, style: STYLE.danger, label: 'Stop', custom_id: encodeStop(id, userId) };
  return [{ type: ACTION_ROW, components: [stop] }] as APIMessageTopLevelComponent[];
}

function againRow(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  { request, source }: ReplyFacts,
  index: number,
  ids: readonly (string | undefined)[],
): APIMessageTopLevelComponent[] {
  const reference = {
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    first: index > 0 ? ids[0] : undefined,
    previous: index > 0 ? ids[index - 1] : undefined,
    source: request.context ? source : undefined,
  };
  const components = againActions(state.text).map((action) => ({
    type: BUTTON,
    style: action === 'continue' ? STYLE.primary : STYLE.secondary,
    label: AGAIN_LABELS[action],
    custom_id: encodeAgain(action, reference),
  }));
  return [{ type: ACTION_ROW, components }] as APIMessageTopLevelComponent[];
}
