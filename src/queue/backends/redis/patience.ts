/**
 * Treats Redis's refusals as outages for work under way, like a cut connection. A client that buffers
 * commands while the connection is down buffers refused commands, too, and sends them again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'ioredis';
import { isRefusal, pauses } from '../../outage.ts';
import type { RedisClient } from './clients.ts';

/** Blocking commands: BullMQ supervises these itself, and repeats one that returned nothing. */
const BLOCKING = new Set(['bzpopmin', 'xread']);
/** Commands that ioredis itself sends at the start of every connection. */
const HANDSHAKE = new Set(['auth', 'hello', 'select', 'client', 'readonly']);
/**
 * How long a refused blocking command takes: less than BullMQ's timeout for one, which is a second longer
 * than the wait.
 */
const REFUSED_WAIT_MS = 1_000;

/** A method that ioredis has at run time and does not declare in its types. */
interface Sender {
  sendCommand(command: Command, ...where: unknown[]): Promise<unknown>;
}

interface Duplicating<Client> {
  duplicate(...options: unknown[]): Client;
}

/**
 * Makes a client, and its duplicates, retry commands for as long as Redis refuses them.
 *
 * @param refused called with every refusal
 */
export function outlastRefusals<Client extends RedisClient>(
  client: Client,
  refused: (error: Error) => void,
): Client {
  const sender = client as unknown as Sender;
  const send = sender.sendCommand.bind(client);
  /** Commands that are handled already: ioredis sends a command through here again after a reconnection. */
  const known = new WeakSet<Command>();
  sender.sendCommand = (command, ...where) => {
    const answer = send(command, ...where);
    // `where` is set for a part of a transaction, which cannot be repeated.
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
  // A command with a callback, as ioredis uses for its ready check, has delivered its answer to that
  // callback.
  return !HANDSHAKE.has(command.name) && !(command as unknown as { callback?: unknown }).callback;
}

/** A command can be answered once: this is a new one with the same content. */
function repeat(command: Command): Command {
  const { replyEncoding } = command as unknown as { replyEncoding: BufferEncoding | null };
  // A script's command has a class of its own, which knows whether the server has the script.
  return new (command.constructor as typeof Command)(command.name, command.args, { replyEncoding });
}
