/** A reply as Discord messages: their layout, and their buttons. Pure. */
import { beginningOf, type ModelChoice, type ReplyState, type StoryRequest } from '../../story/story.ts';
import {
  AGAIN_LABELS,
  againActions,
  CHANGE_LABELS,
  changeActions,
  type Own,
  removalOf,
} from '../../story/variations.ts';
import { BEGUN_ANEW, smallPrint } from '../../story/wording.ts';
import { titlesUnder } from '../shelf/titles.ts';
import { clean, type Part } from '../text.ts';
import type { MessageBody } from './api.ts';
import { encodeAgain, encodeOwn, encodeStop } from './buttons.ts';
import type { Row } from './components.ts';
import { feedbackRows } from './feedback.ts';
import { bodyOf, type MessageFormat, partsOf } from './message-format.ts';
import { titleRows } from './title-buttons.ts';

/** Discord's numeric component types; discord.js is not loaded for two of them. */
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE = { primary: 1, secondary: 2, danger: 4 } as const;

/** What a reply's messages depend on besides its state. */
export interface ReplyFacts {
  readonly id: string;
  readonly userId: string;
  readonly format: MessageFormat;
  readonly request: StoryRequest;
  readonly source: string | undefined;
  readonly models: readonly ModelChoice[];
  /** Whether stories can be shared. */
  readonly isSharing?: boolean | undefined;
  /** Whether a vote can take place there. */
  readonly mayVote?: boolean | undefined;
  /** The most messages that the reply may have. */
  readonly most: number;
  /** Why the reply has to end early, if it has to. */
  readonly note?: string | undefined;
}

/** A reply as messages; a message's buttons need the ids of the messages before it. */
export interface Layout {
  readonly count: number;
  body(index: number, ids: readonly (string | undefined)[]): MessageBody;
}

/** Lays out a state. `wait` is the text of a waiting reply. */
export function layOut(state: ReplyState, facts: ReplyFacts, wait: string): Layout {
  const { request, most, format } = facts;
  if (state.status === 'waiting') {
    const body = bodyOf(format, { smallPrint: wait, rows: [stopRow(facts, [])] });
    return { count: 1, body: () => body };
  }
  const all = partsOf(clean(state.text), request.prompt.length, format);
  const parts: (Part | undefined)[] = all.length > 0 ? all.slice(0, most) : [undefined];
  const isCut = all.length > most;
  const last = parts.length - 1;
  return {
    count: parts.length,
    body(index, ids) {
      const part = parts[index];
      if (index < last) return bodyOf(format, { part });
      const before = ids.slice(0, index).filter((id) => id !== undefined);
      if (state.status === 'writing') {
        const smallPrint = beginningOf(state) > 0 ? BEGUN_ANEW : '';
        return bodyOf(format, { part, smallPrint, rows: [stopRow(facts, before)] });
      }
      return bodyOf(format, {
        part,
        smallPrint: smallPrint(state, { ...facts, isCut }),
        rows: endRows(state, facts, before),
      });
    },
  };
}

function row(components: readonly object[]): Row {
  return { type: ACTION_ROW, components } as Row;
}

/** @param before the reply's messages before the one with the buttons */
function stopRow(facts: ReplyFacts, before: readonly string[]): Row {
  const { id, userId, request } = facts;
  const stop = { type: BUTTON, style: STYLE.danger, label: 'Stop', custom_id: encodeStop(id, userId) };
  return row([stop, ownButton(removalOf(request), facts, before)]);
}

function ownButton(action: Own, { id, userId }: ReplyFacts, before: readonly string[]): object {
  const custom_id = encodeOwn(action, { replyId: id, userId, before });
  return { type: BUTTON, style: STYLE.secondary, label: CHANGE_LABELS[action], custom_id };
}

/** The buttons under an ended reply: those that write another story, and those that change this one. */
function endRows(
  state: Extract<ReplyState, { status: 'finished' | 'failed' }>,
  facts: ReplyFacts,
  before: readonly string[],
): Row[] {
  const { request, source } = facts;
  const reference = {
    ...request,
    promptLength: Math.min(request.prompt.length, state.text.length),
    first: before[0],
    previous: before.at(-1),
    source: request.context ? source : undefined,
  };
  const isFinished = state.status === 'finished';
  const isChosen = isFinished && state.chosen !== undefined;
  const again = againActions(state.text, request, isChosen).map((action) => ({
    type: BUTTON,
    style: action === 'continue' ? STYLE.primary : STYLE.secondary,
    label: AGAIN_LABELS[action],
    custom_id: encodeAgain(action, reference),
  }));
  const abilities = { isSharing: isFinished && facts.isSharing, mayVote: facts.mayVote, isChosen };
  const change = changeActions(state.text, request, abilities).map((action) =>
    action === 'line' || action === 'vote'
      ? {
          type: BUTTON,
          style: STYLE.secondary,
          label: CHANGE_LABELS[action],
          custom_id: encodeAgain(action, reference),
        }
      : ownButton(action, facts, before),
  );
  const rows = [again, change].filter((buttons) => buttons.length > 0);
  const titles = titleRows(titlesUnder(state), facts.id, facts.userId);
  return [...rows.map(row), ...feedbackRows(state, facts), ...titles];
}
