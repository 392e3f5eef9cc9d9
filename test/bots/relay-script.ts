/** A relay of thirty lines by ten people, which the network answers line by line, on any chat. */
import { jointBefore } from '../../src/story/variations.ts';

const LINES = 30;
const PEOPLE = 10;

/** A message of a user. */
interface Said {
  edit(text: string): void;
  delete(): void;
}

export interface ScriptedThread {
  /** Posts a line of one of ten users. */
  say(person: number, text: string): Said;
  /** Waits until the network has so many lines; returns them. */
  answers(count: number): Promise<readonly string[]>;
  /** Waits until a text is stored. */
  stored(text: string): Promise<void>;
}

/** What is written, and how many lines of each user are left. */
export interface Scripted {
  readonly story: string;
  readonly linesOf: readonly number[];
}

/**
 * Writes the relay: after each line the answer is waited for. Meanwhile users edit and delete lines, some of them while
 * the network writes.
 */
export async function writeScripted(opening: string, thread: ScriptedThread): Promise<Scripted> {
  const [first] = await thread.answers(1);
  const lines: (string | undefined)[] = [];
  const said: Said[] = [];
  const edit = (index: number, text: string) => {
    lines[index] = text;
    said[index]!.edit(text);
  };
  for (let index = 0; index < LINES; index++) {
    lines.push(`Line ${index} is here.`);
    said.push(thread.say(index % PEOPLE, lines[index]!));
    // The network may be writing its answer, which is then begun anew.
    if (index % 5 === 1) edit(index, `Line ${index} is mended at once.`);
    await thread.answers(index + 2);
    if (index % 5 === 2) edit(index - 1, `Line ${index - 1} is mended twice.`);
    if (index % 7 === 4) {
      lines[index - 1] = undefined;
      said[index - 1]!.delete();
    }
  }
  edit(LINES - 1, 'The last line is mended, too.');
  await thread.stored('The last line is mended, too.');
  const answers = await thread.answers(LINES + 1);
  const all = [opening, first, ...lines.flatMap((line, index) => [line, answers[index + 1]])];
  const story = all.reduce<string>(
    (text, line) => (line === undefined ? text : text + jointBefore(line, text) + line),
    '',
  );
  const isLeft = (person: number) => (line: string | undefined, index: number) =>
    line !== undefined && index % PEOPLE === person;
  const linesOf = Array.from({ length: PEOPLE }, (_, person) => lines.filter(isLeft(person)).length);
  return { story, linesOf };
}
