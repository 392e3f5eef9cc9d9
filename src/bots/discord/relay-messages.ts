/** A relay as Discord messages, and the data of its buttons. Pure. */
import { type Relay, type RelayLine, textOf } from '../../story/relay/relay.ts';
import { nextAuthor } from '../../story/relay/turns.ts';
import type { ModelChoice } from '../../story/story.ts';
import type { RelayButton } from '../relays/presses.ts';
import { endLine, openingOf, overLine, RELAY_LABELS, type RelayControl, rulesOf } from '../relays/wording.ts';
import { clean, splitText } from '../text.ts';
import type { MessageBody } from './api.ts';
import { button, continueButtons, costOf, escaped, row } from './content-messages.ts';
import { smallPrintOf } from './message-format.ts';
import { titleRows } from './title-buttons.ts';

/** Discord's limit on a message is 2,000; the rest is room for the names in the small print. */
const STORY_MAX = 1_400;
const THREAD_NAME_MAX = 80;

const PREFIX = 'relay';
const CONTROLS = Object.keys(RELAY_LABELS) as RelayControl[];

/** Whether a `custom_id` is that of a relay's button, of any version. */
export function isRelayButton(customId: string): boolean {
  return customId.startsWith(`${PREFIX}:`);
}

/** The button behind a `custom_id`; undefined when it is not one of a relay. */
export function decodeRelayButton(customId: string): RelayButton | undefined {
  const [, action, relayId, hostId] = /^relay:([a-z]+):(relay-\d+):(\d{1,20})$/.exec(customId) ?? [];
  const control = CONTROLS.find((name) => name === action);
  return control && relayId && hostId ? { action: control, relayId, hostId } : undefined;
}

/** What a relay's messages depend on besides its state. */
export interface RelayFacts {
  readonly relayId: string;
  readonly hostId: string;
  /** The titles that are proposed for the finished story. */
  readonly titles: readonly string[];
  readonly models: readonly ModelChoice[];
}

/** The name of a relay's thread. */
export function threadName(relay: Relay): string {
  const name = clean(openingOf(relay) ?? 'A relay').replaceAll('\n', ' ');
  return [...name].slice(0, THREAD_NAME_MAX).join('');
}

/**
 * The message above the thread.
 *
 * @param isTold whether the finished story is posted in the thread
 */
export function layOutHead(relay: Relay, facts: RelayFacts, isTold = true): MessageBody {
  const opening = openingOf(relay);
  const story = opening === undefined ? [] : [`> ${escaped(opening).replaceAll('\n', '\n> ')}`];
  if (relay.phase !== 'open') {
    return {
      content: ['**A relay**', ...story, `-# ${escaped(overLine(relay, isTold))}`].join('\n'),
      components: [],
    };
  }
  const content = ['**A relay**', ...story, `-# ${escaped(rulesOf(relay))}`].join('\n');
  return { content, components: [row([buttonOf('ask', facts), buttonOf('end', facts)])] };
}

/** A line of the network: in italics, as nothing that users write there is by itself. */
export function layOutLine(relay: Relay, { text }: RelayLine, facts: RelayFacts): MessageBody {
  const next = nextAuthor(relay)?.name;
  const print = next === undefined ? '' : `\n${smallPrintOf(`Next: ${next}`)}`;
  const components = relay.every === 1 ? [] : [row([buttonOf('ask', facts)])];
  return { content: `*${escaped(text)}*${print}`, components };
}

/**
 * The finished story, in as many messages as it needs.
 *
 * @param messages the ids of those that are posted
 */
export function layOutEnd(relay: Relay, facts: RelayFacts, messages: readonly string[]): MessageBody[] {
  const parts = splitText(clean(textOf(relay)), { limit: STORY_MAX, cost: costOf });
  return parts.map(({ text }, index) => {
    const content = escaped(text);
    if (index < parts.length - 1) return { content, components: [] };
    const reference = {
      ...relay.request,
      promptLength: relay.request.prompt.trim().length,
      first: index > 0 ? messages[0] : undefined,
      previous: index > 0 ? messages[index - 1] : undefined,
    };
    return {
      content: `${content}\n-# ${escaped(endLine(relay, facts.models))}`,
      components: [
        row([...continueButtons(reference), buttonOf('delete', facts)]),
        ...titleRows(facts.titles, facts.relayId, facts.hostId),
      ],
    };
  });
}

function buttonOf(action: RelayControl, { relayId, hostId }: RelayFacts): object {
  const customId = [PREFIX, action, relayId, hostId].join(':');
  return button(action === 'ask' ? 'primary' : 'secondary', RELAY_LABELS[action], customId);
}
