/** A vote as a Slack message, and the data of its buttons. Pure. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { ModelChoice } from '../../story/story.ts';
import { endOf } from '../../story/variations.ts';
import { type Vote, wholeText } from '../../story/vote.ts';
import { clean } from '../text.ts';
import type { VoteButton } from '../votes/presses.ts';
import {
  choiceLabel,
  controlsOf,
  endLine,
  questionOf,
  roundLine,
  VOTE_LABELS,
  type VoteControl,
  writingLine,
} from '../votes/wording.ts';
import { continueButtons, readValue } from './reply/buttons.ts';
import {
  costOf,
  fallbackOf,
  type MessageBody,
  partsOf,
  plain,
  plainSection,
  SECTION_MAX,
  SECTIONS_MAX,
  sectionOf,
  smallPrintOf,
} from './reply/messages.ts';

const ACTION_PREFIX = 'scifi-vote-';
export const ANY_VOTE_BUTTON = /^scifi-vote-(?:choose-\d|pick-\d|close|end|delete)$/;
/** The block that identifies the message of a vote. */
const BLOCK_PREFIX = 'scifi-vote-';
/** Changes when the meaning of the fields changes. */
const VERSION = 1;
const CONTROLS = Object.keys(VOTE_LABELS) as VoteControl[];

const Value = z.object({
  v: z.literal(VERSION),
  vote: z.string(),
  round: z.number(),
  choice: z.number().optional(),
  host: z.string().optional(),
});

/** The button behind an action; undefined when it is not one of a vote, or of another version. */
export function decodeVoteButton(actionId: string, value: string): VoteButton | undefined {
  const action = actionId.slice(ACTION_PREFIX.length).replace(/-\d$/, '');
  const data = readValue(Value, value);
  if (!data) return undefined;
  const { vote: voteId, round, choice, host: hostId } = data;
  if (action === 'choose') return choice === undefined ? undefined : { action, voteId, round, choice };
  if (hostId === undefined) return undefined;
  if (action === 'pick') return choice === undefined ? undefined : { action, voteId, choice, hostId };
  const control = CONTROLS.find((name) => name === action);
  return control && { action: control, voteId, round, hostId };
}

/** What a vote's message depends on besides its state. */
export interface VoteFacts {
  readonly voteId: string;
  readonly hostId: string;
  readonly models: readonly ModelChoice[];
  /** Whether titles are being written for a vote that is over. */
  readonly isTitling?: boolean | undefined;
}

/** Whether a message's blocks are those of a vote. */
export function showsVote(voteId: string, blocks: unknown): boolean {
  if (!Array.isArray(blocks)) return false;
  return (blocks as { block_id?: string }[]).some(({ block_id }) => block_id === BLOCK_PREFIX + voteId);
}

export function layOutVote(vote: Vote, counts: readonly number[], facts: VoteFacts): MessageBody {
  if (vote.phase === 'over' && !facts.isTitling) return layOutEnd(vote, facts);
  const before = storySoFar(vote);
  // Slack refuses a section without text.
  const story = before === '' ? [] : [plainSection(before)];
  const controls = controlsOf(vote).map((control) => controlOf(control, vote, facts));
  if (vote.phase !== 'open') {
    const rows = controls.length > 0 ? [row(facts, controls)] : [];
    const blocks = [...story, smallPrintOf(writingLine(vote)), ...rows];
    return { text: fallbackOf(before), blocks };
  }
  const { choices, endsAt, round, kind } = vote;
  const { voteId, hostId } = facts;
  const question = questionOf(vote);
  const lines = choices.map(
    (choice, index) => `${index + 1}  ${clean(choice).replaceAll(/\s+/g, ' ').trim()}`,
  );
  const isPick = kind === 'openings';
  const buttons = choices.map(
    (_, choice): types.Button => ({
      type: 'button',
      style: 'primary',
      action_id: `${ACTION_PREFIX}${isPick ? 'pick' : 'choose'}-${choice}`,
      text: plain(choiceLabel(choice, counts[choice] ?? 0)),
      value: encoded({ vote: voteId, round, choice, ...(isPick && { host: hostId }) }),
    }),
  );
  return {
    text: fallbackOf([question, ...lines].join('\n')),
    blocks: [
      ...story,
      { type: 'section', text: { type: 'mrkdwn', text: `*${question}*` } },
      ...lines.map(plainSection),
      printOf(roundLine(vote, counts), endsAt),
      row(facts, [...buttons, ...controls]),
    ],
  };
}

/** Slack shows the time in every reader's own time zone. */
function printOf(line: string, endsAt: number | undefined): types.ContextBlock {
  const end = endsAt === undefined ? '' : ` · ends at <!date^${Math.ceil(endsAt / 1_000)}^{time_secs}|soon>`;
  return { type: 'context', elements: [{ type: 'mrkdwn', text: line + end }] };
}

/** The end of a vote that has no reply. */
function layOutEnd(vote: Vote, facts: VoteFacts): MessageBody {
  const parts = partsOf(clean(vote.text), 0).slice(0, SECTIONS_MAX);
  const print = smallPrintOf(endLine(vote, facts.models));
  const again = continueButtons({ ...vote.request, promptLength: vote.request.prompt.length });
  const rows = vote.kind === 'openings' ? [] : [row(facts, again)];
  return { text: fallbackOf(parts[0]?.text ?? ''), blocks: [...parts.map(sectionOf), print, ...rows] };
}

function controlOf(
  action: VoteControl,
  { round }: Vote,
  { voteId: vote, hostId: host }: VoteFacts,
): types.Button {
  const value = encoded({ vote, round, host });
  return { type: 'button', action_id: ACTION_PREFIX + action, text: plain(VOTE_LABELS[action]), value };
}

function row({ voteId }: VoteFacts, elements: types.Button[]): types.ActionsBlock {
  return { type: 'actions', block_id: BLOCK_PREFIX + voteId, elements };
}

/** The end of the story so far that fits into a section. */
function storySoFar(vote: Vote): string {
  const whole = clean(wholeText(vote));
  let end = whole;
  for (let length = SECTION_MAX; costOf(end) > SECTION_MAX - 10; length -= 100) end = endOf(whole, length);
  return end === whole ? end : `… ${end.trim()}`;
}

function encoded(fields: Omit<z.infer<typeof Value>, 'v'>): string {
  return JSON.stringify({ v: VERSION, ...fields });
}
