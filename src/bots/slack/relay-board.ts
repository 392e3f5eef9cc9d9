/** Shows relays on Slack, within the budgets of their workspaces: a message in the conversation, and its thread. */
import {
  type RelayBoard,
  RelayLost,
  type RelayMessage,
  type RelayRecord,
  type RelayThread,
} from '../../queue/relays/record.ts';
import type { RelayLine } from '../../story/relay/relay.ts';
import type { AddressOf, ChatContext } from '../chat-context.ts';
import type { SlackApi } from './api.ts';
import {
  presenceIn,
  requesterOf,
  type SlackConversation,
  type SlackHandle,
  threadKeyOf,
} from './conversations.ts';
import { deleteMessages } from './delete-messages.ts';
import { CLOSED, failureOf, type SlackFailure } from './failures.ts';
import type { WireMessage } from './history.ts';
import { isWritten, lineOf, messageAt } from './receive/relay-lines.ts';
import {
  layOutEnd,
  layOutHead,
  layOutLine,
  type RelayFacts,
  type RelayPart,
  showsRelay,
} from './relay-messages.ts';
import { type Budgets, CallSlot, type Method } from './reply/budgets.ts';
import type { MessageBody } from './reply/messages.ts';
import { reactionsTo } from './shelf.ts';
import type { UserNames } from './user-names.ts';
import { whenAborted } from './vote-board.ts';

type RelayAddress = AddressOf<SlackHandle>;

/** Failures after which another attempt may succeed. */
const PASSING: readonly SlackFailure[] = ['limited', 'temporary', 'defect', 'unauthorized'];

export class SlackRelayBoard implements RelayBoard<RelayAddress> {
  readonly #chat: Pick<ChatContext<SlackHandle>, 'models' | 'logger' | 'blocks'>;
  readonly #api: SlackApi;
  readonly #budgets: Budgets;
  readonly #names: UserNames;

  constructor(
    chat: Pick<ChatContext<SlackHandle>, 'models' | 'logger' | 'blocks'>,
    api: SlackApi,
    budgets: Budgets,
    names: UserNames,
  ) {
    this.#chat = chat;
    this.#api = api;
    this.#budgets = budgets;
    this.#names = names;
  }

  announce(id: string, record: RelayRecord<RelayAddress>, signal: AbortSignal): Promise<string> {
    const body = layOutHead({ ...record.relay, phase: 'open' }, this.#factsOf(id, record));
    return this.#post(id, 'head', record.address, record.relay.startedAt, body, signal);
  }

  threadOf(address: RelayAddress, head: string): string {
    return threadKeyOf(address, head);
  }

  addressInThread(address: RelayAddress, head: string): RelayAddress {
    return { ...address, threadTs: head };
  }

  /** Every message has a thread. */
  async openThread(): Promise<void> {}

  async read(record: RelayRecord<RelayAddress>, signal: AbortSignal): Promise<RelayThread | undefined> {
    const { address, relay, head } = record;
    const known = new Set(relay.lines.map(({ message }) => message));
    try {
      const thread = this.addressInThread(address, head!);
      const all = await this.#call('replies', address, signal, () => this.#api.history.wholeThread(thread));
      const messages: RelayMessage[] = [];
      const own: string[] = [];
      const reactions = new Map<string, number>();
      for (const message of all) {
        if (message.ts === head) continue;
        reactions.set(message.ts, reactionsTo(message, address.botUserId));
        if (message.user === address.botUserId) own.push(message.ts);
        else if (isWritten(message)) messages.push(await this.#messageOf(message, address, known));
      }
      return { messages, own, reactions };
    } catch (error) {
      if (CLOSED.includes(failureOf(error))) return undefined;
      throw lost(error, signal);
    }
  }

  say(
    id: string,
    record: RelayRecord<RelayAddress>,
    line: RelayLine,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const body = layOutLine(record.relay, line, this.#factsOf(id, record));
    const thread = this.addressInThread(record.address, record.head!);
    return this.#post(id, `line-${line.draft!}`, thread, line.at, body, signal);
  }

  async end(id: string, record: RelayRecord<RelayAddress>, signal: AbortSignal): Promise<readonly string[]> {
    const { relay, head, address } = record;
    const facts = this.#factsOf(id, record);
    const told = await this.#tell(id, record, facts, signal).catch(RelayLost.caught);
    const above = layOutHead(relay, facts, !(told instanceof RelayLost));
    // The message above the thread may be deleted.
    await this.#call('update', address, signal, () => this.#api.update(address, head!, above)).catch(
      (error) => RelayLost.caught(lost(error, signal)),
    );
    if (told instanceof RelayLost) throw told;
    return told;
  }

  /** Posts the finished story. */
  async #tell(
    id: string,
    { relay, head, address }: RelayRecord<RelayAddress>,
    facts: RelayFacts,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const thread = this.addressInThread(address, head!);
    const since = relay.closedAt ?? relay.lastAt;
    const messages: string[] = [];
    for (const [index, body] of layOutEnd(relay, facts).entries()) {
      messages.push(await this.#post(id, `end-${index}`, thread, since, body, signal));
    }
    return messages;
  }

  remove({ address }: RelayRecord<RelayAddress>, messages: readonly string[]): Promise<void> {
    return deleteMessages(address, messages, this.#api, this.#chat.logger);
  }

  /** Posts a message, unless an earlier attempt has posted it: posting again would create a second one. */
  async #post(
    id: string,
    part: RelayPart,
    conversation: SlackConversation,
    since: number,
    body: MessageBody,
    signal: AbortSignal,
  ): Promise<string> {
    const is = ({ blocks }: WireMessage) => showsRelay(id, part, blocks);
    const method = conversation.threadTs === undefined ? 'history' : 'replies';
    try {
      const posted = await this.#call(method, conversation, signal, () =>
        this.#api.history.find(conversation, since, is),
      ).catch((error) => {
        // Where the bot may not search, it most likely may not post either; the post will report that.
        if (!CLOSED.includes(failureOf(error))) throw error;
        return undefined;
      });
      if (posted) return posted.ts;
      return await this.#call('post', conversation, signal, () => this.#api.post(conversation, body));
    } catch (error) {
      throw lost(error, signal);
    }
  }

  /** Makes a call when the budget of its method allows it. */
  async #call<Result>(
    method: Method,
    { teamId, channelId }: SlackConversation,
    signal: AbortSignal,
    act: () => Promise<Result>,
  ): Promise<Result> {
    const { promise: aborted, end } = whenAborted(signal);
    const slot = new CallSlot();
    try {
      const budget = this.#budgets.of(method, teamId, method === 'post' ? channelId : '');
      await slot.wait(budget, 'final', aborted);
      return await slot.use(act);
    } finally {
      end();
      slot.giveUp();
    }
  }

  async #messageOf(
    message: WireMessage,
    address: RelayAddress,
    known: ReadonlySet<string | undefined>,
  ): Promise<RelayMessage> {
    const { ts, user = '', text = '' } = message;
    return {
      id: ts,
      at: messageAt(ts),
      person: requesterOf(address.teamId, user).person,
      name: known.has(ts) ? undefined : await this.#names.of(address, user),
      text: lineOf(text, address.botUserId),
      isBlocked: this.#chat.blocks.find(presenceIn(address, user)) !== undefined,
    };
  }

  #factsOf(relayId: string, { hostId, titles = [] }: RelayRecord<RelayAddress>): RelayFacts {
    return { relayId, hostId, titles, models: this.#chat.models };
  }
}

function lost(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const failure = failureOf(error);
  return PASSING.includes(failure) ? error : new RelayLost(failure, { cause: error });
}
