/** A relay as Slack messages, and the data of its buttons. Pure. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { type Relay, type RelayLine, textOf } from '../../story/relay/relay.ts';
import { nextAuthor } from '../../story/relay/turns.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { RelayButton } from '../relays/presses.ts';
import { endLine, openingOf, overLine, RELAY_LABELS, type RelayControl, rulesOf } from '../relays/wording.ts';
import { clean } from '../text.ts';
import { continueButtons, readValue } from './reply/buttons.ts';
import {
  fallbackOf,
  type MessageBody,
  partsOf,
  plain,
  plainSection,
  SECTIONS_MAX,
  sectionOf,
  smallPrintOf,
} from './reply/messages.ts';
import { titleRows } from './title-buttons.ts';

const ACTION_PREFIX = 'scifi-relay-';
export const ANY_RELAY_BUTTON = /^scifi-relay-(?:ask|end|delete)$/;
/** The block that identifies a message of a relay. */
const BLOCK_PREFIX = 'scifi-relay-';
/** Changes when the meaning of the fields changes. */
const VERSION = 1;
const CONTROLS = Object.keys(RELAY_LABELS) as RelayControl[];

const Value = z.object({ v: z.literal(VERSION), relay: z.string(), host: z.string() });

/** The button behind an action; undefined when it is not one of a relay, or of another version. */
export function decodeRelayButton(actionId: string, value: string): RelayButton | undefined {
  const action = CONTROLS.find((name) => actionId === ACTION_PREFIX + name);
  const data = readValue(Value, value);
  return action && data && { action, relayId: data.relay, hostId: data.host };
}

/** What a relay's messages depend on besides its state. */
export interface RelayFacts {
  readonly relayId: string;
  readonly hostId: string;
  /** The titles that are proposed for the finished story. */
  readonly titles: readonly string[];
  readonly models: readonly ModelChoice[];
}

/** Which of a relay's messages: the one above the thread, a line of the network, or a part of the finished story. */
export type RelayPart = 'head' | `line-${number}` | `end-${number}`;

/** Whether a message's blocks are those of a part of a relay. */
export function showsRelay(relayId: string, part: RelayPart, blocks: unknown): boolean {
  if (!Array.isArray(blocks)) return false;
  return (blocks as { block_id?: string }[]).some(({ block_id }) => block_id === blockIdOf(relayId, part));
}

/**
 * The message above the thread.
 *
 * @param isTold whether the finished story is posted in the thread
 */
export function layOutHead(relay: Relay, facts: RelayFacts, isTold = true): MessageBody {
  const opening = openingOf(relay);
  const story = opening === undefined ? [] : [plainSection(clean(opening))];
  const isOpen = relay.phase === 'open';
  const print = isOpen ? rulesOf(relay) : overLine(relay, isTold);
  const title: types.SectionBlock = { type: 'section', text: { type: 'mrkdwn', text: '*A relay*' } };
  const blocks = [title, ...story, { ...smallPrintOf(print), block_id: blockIdOf(facts.relayId, 'head') }];
  const buttons: types.ActionsBlock = {
    type: 'actions',
    elements: [buttonOf('ask', facts), buttonOf('end', facts)],
  };
  return { text: fallbackOf(opening ?? 'A relay'), blocks: isOpen ? [...blocks, buttons] : blocks };
}

/** A line of the network, with a line below it that says so. */
export function layOutLine(relay: Relay, { text, draft = 0 }: RelayLine, facts: RelayFacts): MessageBody {
  const next = nextAuthor(relay)?.name;
  const print = smallPrintOf(next === undefined ? 'The computer' : `The computer · Next: ${next}`);
  const blocks = [
    plainSection(clean(text)),
    { ...print, block_id: blockIdOf(facts.relayId, `line-${draft}`) },
  ];
  const buttons: types.ActionsBlock = { type: 'actions', elements: [buttonOf('ask', facts)] };
  return { text: fallbackOf(text), blocks: relay.every === 1 ? blocks : [...blocks, buttons] };
}

/** The finished story, in as many messages as it needs. */
export function layOutEnd(relay: Relay, facts: RelayFacts): MessageBody[] {
  const parts = partsOf(clean(textOf(relay)), 0);
  const groups = Array.from({ length: Math.ceil(parts.length / SECTIONS_MAX) }, (_, index) =>
    parts.slice(index * SECTIONS_MAX, (index + 1) * SECTIONS_MAX),
  );
  return groups.map((group, index) => {
    const text = fallbackOf(group[0]?.text ?? '');
    const block_id = blockIdOf(facts.relayId, `end-${index}`);
    const sections = group.map(sectionOf);
    if (index < groups.length - 1) return { text, blocks: [...sections, { ...smallPrintOf('…'), block_id }] };
    const promptLength = groups.length === 1 ? relay.request.prompt.trim().length : 0;
    const elements = [...continueButtons({ ...relay.request, promptLength }), buttonOf('delete', facts)];
    const print = { ...smallPrintOf(endLine(relay, facts.models)), block_id };
    const titles = titleRows(facts.titles, facts.relayId, facts.hostId);
    return { text, blocks: [...sections, print, { type: 'actions', elements }, ...titles] };
  });
}

function blockIdOf(relayId: string, part: RelayPart): string {
  return `${BLOCK_PREFIX}${relayId}-${part}`;
}

function buttonOf(action: RelayControl, { relayId: relay, hostId: host }: RelayFacts): types.Button {
  const value = JSON.stringify({ v: VERSION, relay, host } satisfies z.infer<typeof Value>);
  return { type: 'button', action_id: ACTION_PREFIX + action, text: plain(RELAY_LABELS[action]), value };
}
