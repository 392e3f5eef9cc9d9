/** A vote as Discord messages, and the data of its buttons. Pure. */
import type { ModelChoice } from '../../story/story.ts';
import { endOf } from '../../story/variations.ts';
import { type Vote, wholeText } from '../../story/vote.ts';
import { clean, splitText } from '../text.ts';
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
import type { MessageBody } from './api.ts';
import { button, continueButtons, costOf, escaped, row } from './content-messages.ts';

/** Discord's limit on a message is 2,000; the rest is room for the lines around the story. */
const STORY_MAX = 1_700;
/** Characters of one choice in a message. */
const CHOICE_MAX = 340;
/** Characters of the story so far above the choices: a message has room for these and for three choices. */
const BEFORE_MAX = 700;

const PREFIX = 'vote';
const CONTROLS = Object.keys(VOTE_LABELS) as VoteControl[];

/** Whether a `custom_id` is that of a vote's button, of any version. */
export function isVoteButton(customId: string): boolean {
  return customId.startsWith(`${PREFIX}:`);
}

function encodeVoteButton(button: VoteButton): string {
  const { action, voteId } = button;
  const first = action === 'pick' ? button.choice : button.round;
  const last = action === 'choose' ? button.choice : button.hostId;
  return [PREFIX, action, voteId, first, last].join(':');
}

/** The button behind a `custom_id`; undefined when it is not one of a vote. */
export function decodeVoteButton(customId: string): VoteButton | undefined {
  const [, action, voteId, digits, last] =
    /^vote:([a-z]+):(vote-\d+):(\d{1,3}):(\d{1,20})$/.exec(customId) ?? [];
  if (!action || !voteId || !last) return undefined;
  const round = Number(digits);
  if (action === 'choose') return { action, voteId, round, choice: Number(last) };
  if (action === 'pick') return { action, voteId, choice: Number(digits), hostId: last };
  const control = CONTROLS.find((name) => name === action);
  return control && { action: control, voteId, round, hostId: last };
}

/** What a vote's messages depend on besides its state. */
export interface VoteFacts {
  readonly voteId: string;
  readonly hostId: string;
  readonly models: readonly ModelChoice[];
  /** The ids of the messages that show it so far. */
  readonly messages: readonly string[];
  /** Whether titles are being written for a vote that is over. */
  readonly isTitling?: boolean | undefined;
}

/** Lays out a vote as messages: one while it is under way, and as many as the story needs when it is over. */
export function layOutVote(vote: Vote, counts: readonly number[], facts: VoteFacts): MessageBody[] {
  if (vote.phase === 'over' && !facts.isTitling) return layOutEnd(vote, facts);
  const buttons = controlsOf(vote).map((control) => controlButton(control, vote, facts));
  const controls = buttons.length > 0 ? [row(buttons)] : [];
  if (vote.phase !== 'open') {
    const content = `${storySoFar(vote, STORY_MAX)}\n-# ${escaped(writingLine(vote))}`;
    return [{ content, components: controls }];
  }
  const { choices, endsAt, round, kind } = vote;
  const { voteId, hostId } = facts;
  const lines = choices.map((choice, index) => `**${index + 1}**  ${cut(choice)}`);
  // Discord counts down in every reader's own language.
  const end = endsAt === undefined ? '' : ` · ends <t:${Math.ceil(endsAt / 1_000)}:R>`;
  const print = `-# ${roundLine(vote, counts)}${end}`;
  const content = [storySoFar(vote, BEFORE_MAX), '', `**${questionOf(vote)}**`, ...lines, print].join('\n');
  const choose = choices.map((_, choice) => {
    const isPick = kind === 'openings';
    const data = isPick
      ? ({ action: 'pick', voteId, choice, hostId } as const)
      : ({ action: 'choose', voteId, round, choice } as const);
    return button('primary', choiceLabel(choice, counts[choice] ?? 0), encodeVoteButton(data));
  });
  return [{ content, components: [row(choose), ...controls] }];
}

/** A vote that ends because a text cannot be shown: the story so far, which was shown before, or only the reason. */
export function layOutRefused(vote: Vote, reason: string): [whole: MessageBody, short: MessageBody] {
  const print = `-# ${escaped(reason)}`;
  return [
    { content: `${storySoFar(vote, STORY_MAX)}\n${print}`, components: [] },
    { content: print, components: [] },
  ];
}

/** The end of a vote that has no reply. */
function layOutEnd(vote: Vote, facts: VoteFacts): MessageBody[] {
  const parts = splitText(clean(vote.text), { limit: STORY_MAX, cost: costOf }).map(({ text }) => text);
  // A vote that continues a story may have no text of its own.
  if (parts.length === 0) parts.push('');
  return parts.map((part, index) => {
    const content = escaped(part);
    if (index < parts.length - 1) return { content, components: [] };
    const print = `${content}\n-# ${escaped(endLine(vote, facts.models))}`;
    if (vote.kind === 'openings') return { content: print, components: [] };
    const reference = {
      ...vote.request,
      promptLength: vote.request.prompt.length,
      first: index > 0 ? facts.messages[0] : undefined,
      previous: index > 0 ? facts.messages[index - 1] : undefined,
    };
    return { content: print, components: [row(continueButtons(reference))] };
  });
}

function controlButton(action: VoteControl, { round }: Vote, { voteId, hostId }: VoteFacts): object {
  return button('secondary', VOTE_LABELS[action], encodeVoteButton({ action, voteId, round, hostId }));
}

/** The end of the story so far, escaped, in at most this many characters. */
function storySoFar(vote: Vote, max: number): string {
  const whole = clean(wholeText(vote));
  let end = whole;
  for (let length = max; costOf(end) > max; length -= 50) end = endOf(whole, length);
  return `${end === whole ? '' : '… '}${escaped(end.trim())}`;
}

/** A choice on one line, escaped. */
function cut(choice: string): string {
  const line = clean(choice).replaceAll(/\s+/g, ' ').trim();
  const [first, ...rest] = splitText(line, { limit: CHOICE_MAX, cost: costOf });
  return `${escaped(first?.text ?? '…')}${rest.length > 0 ? '…' : ''}`;
}
