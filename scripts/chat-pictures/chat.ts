/** What the pictures need of a platform. */
import type { Platform, Shown } from './drawing.ts';

/** A message, as users see it. */
export interface ChatMessage {
  /** The user who wrote it; undefined for the bot. */
  readonly author: string | undefined;
  /** Every state that it has shown, in order. */
  states(): readonly Shown[];
  /** The labels of its buttons. */
  labels(): readonly string[];
  press(user: string, label: string): void;
}

/** A channel. */
export interface Room {
  /** A user sends a slash command with an opening. */
  command(user: string, name: string, opening: string, options?: Readonly<Record<string, number>>): void;
  /** The messages that every user sees, outside threads. */
  messages(): readonly ChatMessage[];
  /** The messages in the thread of the room's first message. */
  thread(): readonly ChatMessage[];
  /** A user writes in that thread. */
  say(user: string, text: string): void;
}

export interface Chat {
  readonly platform: Platform;
  /** Opens a new channel. */
  open(): Room;
}

/** All users of a platform, each created when first named. */
export function usersOf<User>(create: (name: string) => User): (name: string) => User {
  const users = new Map<string, User>();
  return (name) => {
    const user = users.get(name) ?? create(name);
    users.set(name, user);
    return user;
  };
}
