/** A relay as Discord messages, and the data of its buttons. Pure. */
import { type Relay, type RelayLine, textOf } from '../../story/relay/relay.ts';
import { nextAuthor } from '../../story/relay/turns.ts';
import type { ModelChoice } from '../../story/story.ts';
import { endLine, openingOf, overLine, RELAY_LABELS, type RelayControl, rulesOf } from '../relays/wording.ts';
import { clean, discordEscaping, splitText } from '../text.ts';
import type { MessageBody } from './api.ts';
import { encodeAgain } from './buttons.ts';
import { smallPrintOf } from './message-format.ts';
import { titleRows } from './title-buttons.ts';

/** Discord's numeric component types. */
const ACTION_ROW = 1;
const BUTTON = 2;
const STYLE = { primary: 1, secondary: 2 } as const;
/** Discord's limit on a message is 2,000; the rest is room for the names in the small print. */
const STORY_MAX = 1_400;
const THREAD_NAME_MAX = 80;

const PREFIX = 'relay';
const CONTROLS = Object.keys(RELAY_LABELS) as RelayControl[];

/** A button of a relay. */
export interface RelayButton {
  readonly action: RelayControl;
  readonly relayId: string;
  /** The user who started the relay. */
  readonly hostId: string;
}

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
    const again = (['continue', 'line'] as const).map((action) => ({
      type: BUTTON,
      style: action === 'continue' ? STYLE.primary : STYLE.secondary,
      label: action === 'continue' ? 'Continue' : 'My line',
      custom_id: encodeAgain(action, reference),
    }));
    return {
      content: `${content}\n-# ${escaped(endLine(relay, facts.models))}`,
      components: [
        row([...again, buttonOf('delete', facts)]),
        ...titleRows(facts.titles, facts.relayId, facts.hostId),
      ],
    };
  });
}

function buttonOf(action: RelayControl, { relayId, hostId }: RelayFacts): object {
  const custom_id = [PREFIX, action, relayId, hostId].join(':');
  const style = action === 'ask' ? STYLE.primary : STYLE.secondary;
  return { type: BUTTON, style, label: RELAY_LABELS[action], custom_id };
}

function row(components: readonly object[]): NonNullable<MessageBody['components']>[number] {
  return { type: ACTION_ROW, components } as NonNullable<MessageBody['components']>[number];
}

function escaped(text: string): string {
  return discordEscaping.escape(clean(text));
}

function costOf(text: string): number {
  return discordEscaping.escape(text).length;
}
