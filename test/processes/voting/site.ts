/** Votes on a fake platform, as people see and use them: the same on Discord and on Slack. */
import type { Cast, SeenState } from './ballots.ts';

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
