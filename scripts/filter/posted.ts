/** Writes stories as a worker does, posts them as a chat does, and has the judge read what was posted. */
import { clean } from '../../src/bots/text/sanitise.ts';
import type { Engine } from '../../src/generator/engines/engine.ts';
import { Storyteller, type StorytellerModel } from '../../src/generator/storyteller.ts';
import { PostedText } from '../../src/story/filter/mask.ts';
import { type Offences, offencesIn } from './judge.ts';

/** What is asked for, in turn. */
const PROMPTS = ['', 'It all began with', 'The captain ', 'When the natives saw the ship,', 'She said '];
/** A story is looked at after so many words, as a chat looks at it now and then. */
const WORDS_A_LOOK = 25;

export interface PostedFigures {
  /** Characters that were posted. */
  readonly characters: number;
  readonly stories: number;
  /** Words that were drawn again, each time counted. */
  readonly redraws: number;
  /** Steps of the network for every character that was written: 1 and what going back costs. */
  readonly stepsPerCharacter: number;
  /** Characters that are asterisks where the network wrote letters. */
  readonly masked: number;
  /** Stories of which something was shown that the end does not begin with. */
  readonly takenBack: number;
  /** What the judge objects to. */
  readonly offences: Offences;
}

export interface PostedOptions {
  /** Posted at least. */
  readonly characters: number;
  readonly temperature: number;
  /** Of the first story; each has the next. */
  readonly firstSeed?: number;
  /** Characters that a story may have. */
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

/** An engine that tells how many steps its slots make. */
function counted(engine: Engine, onSteps: (steps: number) => void): Engine {
  return {
    name: engine.name,
    capacity: engine.capacity,
    vocabularySize: engine.vocabularySize,
    stepsPerDecode: engine.stepsPerDecode,
    decode: (lanes, steps) => {
      onSteps(lanes.length * steps);
      return engine.decode(lanes, steps);
    },
    logits: (slots, ids) => engine.logits(slots, ids),
    clear: (slot) => engine.clear(slot),
    checkpoint: (slots, number) => engine.checkpoint(slots, number),
    restore: (slot, number) => engine.restore(slot, number),
    close: () => engine.close(),
  };
}
