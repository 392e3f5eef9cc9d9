/** Writes stories as a worker does, posts them as a chat does, and judges the posted text. */
import { clean } from '../../src/bots/text.ts';
import type { Engine } from '../../src/generator/engines/engine.ts';
import { Storyteller, type StorytellerModel } from '../../src/generator/storyteller.ts';
import { PostedText } from '../../src/story/filter/find.ts';
import { type Offences, offencesIn } from './judge.ts';

/** The prompts, in rotation. */
const PROMPTS = ['', 'It all began with', 'The captain ', 'When the natives saw the ship,', 'She said '];
/** Number of words between two snapshots of a story, as in a chat. */
const WORDS_A_LOOK = 25;

export interface PostedFigures {
  /** Characters that were posted. */
  readonly characters: number;
  readonly stories: number;
  /** Resampled words; each resample counts. */
  readonly redraws: number;
  /** Network steps for each written character: 1 plus the cost of rewinds. */
  readonly stepsPerCharacter: number;
  /** Characters that are asterisks where the network wrote letters. */
  readonly masked: number;
  /** Stories that once showed text which the final text does not begin with. */
  readonly takenBack: number;
  /** The judge's findings. */
  readonly offences: Offences;
}

export interface PostedOptions {
  /** Minimum number of posted characters. */
  readonly characters: number;
  readonly temperature: number;
  /** Seed of the first story; each further story has the next seed. */
  readonly firstSeed?: number;
  /** Maximum number of characters of a story. */
  readonly length?: number;
}

export async function postStories(
  model: StorytellerModel,
  engine: Engine,
  { characters, temperature, firstSeed = 0, length = 3_000 }: PostedOptions,
): Promise<PostedFigures> {
  let steps = 0;
  const storyteller = new Storyteller(
    model,
    counted(engine, (more) => {
      steps += more;
    }),
    { maxWaiting: 0 },
  );
  const messages: string[] = [];
  let [posted, stories, written, redraws, masked, takenBack] = [0, 0, 0, 0, 0, 0];
  const tell = async (seed: number) => {
    const prompt = PROMPTS[seed % PROMPTS.length]!;
    const outgoing = new PostedText(prompt);
    let [shown, words] = ['', 0];
    let isTakenBack = false;
    const show = (text: string) => {
      const next = outgoing.of(text);
      isTakenBack ||= !next.startsWith(shown);
      shown = next;
    };
    const request = { prompt, context: '', temperature, length, seed, model: model.name };
    const { text } = await storyteller.tell(request, {
      onWord: (read) => {
        if (++words % WORDS_A_LOOK === 0) show(read());
      },
      onResample: () => {
        redraws++;
      },
    });
    show(text);
    const message = clean(shown);
    messages.push(message);
    masked += [...shown].filter((character, index) => character !== text[index]).length;
    posted += message.length;
    written += text.length;
    if (isTakenBack) takenBack++;
  };
  const tellOn = async () => {
    while (posted < characters) await tell(firstSeed + stories++);
  };
  await Promise.all(Array.from({ length: engine.capacity }, tellOn));
  return {
    characters: posted,
    stories,
    redraws,
    stepsPerCharacter: steps / written,
    masked,
    takenBack,
    offences: offencesIn(messages.join('\n\n')),
  };
}

/** An engine that counts the steps of its slots. */
function counted(engine: Engine, onSteps: (steps: number) => void): Engine {
  return {
    name: engine.name,
    capacity: engine.capacity,
    vocabularySize: engine.vocabularySize,
    stepsPerDecode: engine.stepsPerDecode,
    decode: (rows, steps) => {
      onSteps(rows.length * steps);
      return engine.decode(rows, steps);
    },
    logits: (slots, ids) => engine.logits(slots, ids),
    clear: (slot) => engine.clear(slot),
    checkpoint: (slots, number) => engine.checkpoint(slots, number),
    restore: (slot, number) => engine.restore(slot, number),
    close: () => engine.close(),
  };
}
