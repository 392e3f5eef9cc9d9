/** The effect of temperature on a model that is good enough to show it. */
import { table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { loadModel } from '../../src/generator/model/files.ts';
import { Storyteller } from '../../src/generator/storyteller.ts';
import { type Laboratory, PROMPT, percent, quoted } from './laboratory.ts';

const MODEL = 'models/melville';
const TEMPERATURES = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2] as const;
const STORIES = 8;
const LENGTH = 1_200;
const SHOWN = 320;

interface Point {
  readonly temperature: number;
  /** Share of the words that occur in the training text. */
  readonly known: number;
  /** Share of the sequences of four words that occurred earlier in the same story. */
  readonly repeated: number;
  readonly sample: string;
}

export async function temperature(laboratory: Laboratory, text: string): Promise<string> {
  const model = await loadModel(MODEL);
  const engine = await createOnnxEngine(model, { capacity: STORIES, threads: 2 });
  const storyteller = new Storyteller(model, engine, { maxWaiting: 0 });
  const vocabulary = new Set(wordsOf(text));
  const points: Point[] = [];
  for (const degree of TEMPERATURES) {
    const stories = await Promise.all(
      Array.from({ length: STORIES }, (_, seed) =>
        storyteller.tell({
          ...{ prompt: PROMPT, context: '', model: model.name },
          ...{ temperature: degree, length: LENGTH, seed },
        }),
      ),
    );
    const texts = stories.map((story) => story.text);
    points.push({ temperature: degree, ...figuresOf(texts, vocabulary), sample: texts[0]!.slice(0, SHOWN) });
  }
  await storyteller.close();
  const line = (name: string, of: (point: Point) => number) => ({
    name,
    points: points.map((point) => [point.temperature, 100 * of(point)] as const),
  });
  await laboratory.plot('temperature.svg', 'Temperature', 'temperature', '%', [
    line('known words', ({ known }) => known),
    line('repeated fours', ({ repeated }) => repeated),
  ]);
  const rows = points.map((point) => [
    point.temperature.toFixed(1),
    percent(point.known),
    percent(point.repeated),
  ]);
  return `## Temperature

${STORIES} stories of ${LENGTH.toLocaleString('en')} characters by \`${MODEL}\` at each. A word counts as known when it is anywhere in Melville's training text; a
sequence of four words as repeated when it was in the same story before.

${table(['temperature', 'known words', 'repeated fours'], rows)}

![Known words and repeated sequences by temperature](experiments/temperature.svg)

Cold it walks in circles, hot it invents words; what is worth reading lies between.

${points.map((point) => `**${point.temperature.toFixed(1)}**\n\n${quoted(point.sample)}`).join('\n\n')}
`;
}

function figuresOf(texts: readonly string[], vocabulary: ReadonlySet<string>) {
  const lists = texts.map(wordsOf);
  const longer = lists.flat().filter((word) => word.length > 1);
  const known = longer.filter((word) => vocabulary.has(word)).length / longer.length;
  let [fours, fresh] = [0, 0];
  for (const list of lists) {
    const all = list.slice(3).map((_, i) => list.slice(i, i + 4).join(' '));
    fours += all.length;
    fresh += new Set(all).size;
  }
  return { known, repeated: 1 - fresh / fours };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}
