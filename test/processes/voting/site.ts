/** Votes on a fake platform, as people see and use them: the same on Discord and on Slack. */
import { VOTE_LABELS } from '../../../src/bots/votes/wording.ts';
import { until } from '../../helpers/programs.ts';
import type { Cast, SeenState } from './ballots.ts';

/** Beyond the time for an answer. */
const TIMEOUT_MS = 60_000;

/** A vote in a channel of its own. */
export interface SeenVote {
  readonly channelId: string;
  /** The open round; undefined while none is shown. */
  openRound(): number | undefined;
  /**
   * Presses a choice of the open round, and waits for the answer.
   *
   * @param waitMs an answer that has not come after this time never will
   * @returns undefined when no round is shown
   */
  press(person: number, choice: number, waitMs: number): Promise<Cast | undefined>;
  /** Presses a button of the host, if the message has it. */
  control(label: 'Close this round' | 'The end'): void;
  isOver(): boolean;
  /** The messages that show it. */
  messages(): number;
  /** The states that its message has shown, in order. */
  states(): readonly SeenState[];
}

export interface VoteSite {
  /** The settings of processes that serve it. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether a process receives what users do. */
  isConnected(): boolean;
  /** Drops what the platform knows of connections, as after a kill. */
  cut(): void;
  /** Starts a vote; resolves when the host was told that it begins, and rejects with another answer. */
  start(rounds: number, seconds: number): Promise<SeenVote>;
  /** Answers of the platform that a bot must not cause. */
  complaints(): number;
  stop(): Promise<void>;
}

/** How one platform shows a vote. */
export interface ShownVote<Message, Press> {
  readonly channelId: string;
  /** The messages in its channel that everyone sees. */
  shown(): readonly Message[];
  labelsOf(message: Message): readonly string[];
  roundOf(message: Message): number | undefined;
  statesOf(message: Message): readonly SeenState[];
  press(person: number | 'host', message: Message, label: string): Press;
  fateOf(press: Press): ReturnType<Cast['fate']>;
}

/** A vote as people see and use it. */
export function seenVote<
  Message,
  Press extends { readonly createdAt: number; readonly acknowledgedAt?: number | undefined },
>({ channelId, shown, labelsOf, roundOf, statesOf, press, fateOf }: ShownVote<Message, Press>): SeenVote {
  const withLabel = (label: string) => shown().find((message) => labelsOf(message).includes(label));
  const open = () => withLabel(VOTE_LABELS.close);
  return {
    channelId,
    openRound: () => {
      const message = open();
      return message && roundOf(message);
    },
    async press(person, choice, waitMs) {
      const message = open();
      if (!message) return undefined;
      const round = roundOf(message);
      // A round has fewer choices where two of them are the same.
      const label = labelsOf(message).find((one) => one.split(' ')[0] === String(choice + 1));
      if (round === undefined || !label) return undefined;
      const pressed = press(person, message, label);
      const deadline = Date.now() + waitMs;
      const isAnswered = () => pressed.acknowledgedAt !== undefined || Date.now() > deadline;
      await until(isAnswered, 'an answer', waitMs + TIMEOUT_MS);
      const { createdAt, acknowledgedAt } = pressed;
      const acknowledgedMs = acknowledgedAt === undefined ? undefined : acknowledgedAt - createdAt;
      return { round, choice, acknowledgedMs, fate: () => fateOf(pressed) };
    },
    control(label) {
      const message = withLabel(label);
      if (message) press('host', message, label);
    },
    isOver: () => withLabel(VOTE_LABELS.delete) !== undefined,
    messages: () => shown().length,
    states: () => shown().flatMap(statesOf),
  };
}
