/**
 * Redis's refusals as what they are to work under way: an outage, like a connection that is cut. A client that
 * keeps what it is asked while the connection is away keeps what was refused, too, and asks again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'ioredis';
import { isRefusal, pauses } from '../../outage.ts';
import type { RedisClient } from './clients.ts';

/** What is waited for: BullMQ watches over these by itself, and asks again after what ended with nothing. */
const BLOCKING = new Set(['bzpopmin', 'xread']);
/** What ioredis itself asks at the beginning of a connection, and again with the next one. */
const HANDSHAKE = new Set(['auth', 'hello', 'select', 'client', 'readonly']);
/** How long a refused wait takes: less than BullMQ's patience with one, which is a second longer than the wait. */
const REFUSED_WAIT_MS = 1_000;

/** What ioredis does at run time and does not say in its types. */
interface Sender {
  sendCommand(command: Command, ...where: unknown[]): Promise<unknown>;
}

interface Duplicating<Client> {
  duplicate(...options: unknown[]): Client;
}

/**
 * Has a client, and whatever is duplicated from it, ask again for as long as Redis refuses.
 *
 * @param refused told of every refusal
 */
export function outlastRefusals<Client extends RedisClient>(
  client: Client,
  refused: (error: Error) => void,
): Client {
  const sender = client as unknown as Sender;
  const send = sender.sendCommand.bind(client);
  /** Those that are seen to: ioredis sends a command through here once more after the connection was away. */
  const known = new WeakSet<Command>();
  sender.sendCommand = (command, ...where) => {
    const answer = send(command, ...where);
    // Of a transaction, which `where` is then, no part can be repeated.
    if (known.has(command) || where.some(Boolean) || !isRepeatable(command)) return answer;
    known.add(command);
    return untilServed(command, answer, (again) => {
      known.add(again);
      return send(again);
    });
  };
  const untilServed = async (
    command: Command,
    first: Promise<unknown>,
    again: (command: Command) => Promise<unknown>,
  ) => {
    let answer = first;
    for (const pauseMs of pauses()) {
      try {
        return await answer;
      } catch (error) {
        const isUnknownScript = (error as Error).message.startsWith('NOSCRIPT');
        if (!isRefusal(error) && !isUnknownScript) throw error;
        if (!isUnknownScript) refused(error as Error);
        if (BLOCKING.has(command.name)) return sleep(REFUSED_WAIT_MS, null);
        if (!isUnknownScript) await sleep(pauseMs);
        answer = again(repeat(command));
      }
    }
    throw new Error('unreachable');
  };
  const duplicating = client as unknown as Duplicating<Client>;
  const duplicate = duplicating.duplicate.bind(client);
  duplicating.duplicate = (...options) => outlastRefusals(duplicate(...options), refused);
  return client;
}

function isRepeatable(command: Command): boolean {
  // Who has given a callback, as ioredis does when it looks whether a server is ready, has been answered by that.
  return !HANDSHAKE.has(command.name) && !(command as unknown as { callback?: unknown }).callback;
}

/** A command can be answered once: this is another one that asks for the same. */
function repeat(command: Command): Command {
  const { replyEncoding } = command as unknown as { replyEncoding: BufferEncoding | null };
  // A script's is of a class of its own, which knows whether the server has the script.
  return new (command.constructor as typeof Command)(command.name, command.args, { replyEncoding });
}
