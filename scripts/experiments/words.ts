/** Words against characters. */
import { table } from '../../bench/measure.ts';
import { createOnnxEngine } from '../../src/generator/engines/onnx.ts';
import { type Evaluation, evaluate } from '../../src/workshop/evaluation/evaluation.ts';
import { corpusOf, wordVocabularyOf } from '../../src/workshop/training/corpus.ts';
import { type Laboratory, type Learned, percent } from './laboratory.ts';

const WORDS = 8_000;

export async function words(laboratory: Laboratory): Promise<string> {
  const corpus = corpusOf(wordVocabularyOf(laboratory.train, WORDS), laboratory.train, laboratory.valid);
  const byCharacter = await laboratory.learn({ name: 'LSTM' });
  const byWord = await laboratory.learn({ name: 'LSTM of words', corpus });
  await laboratory.plotCurves('words.svg', 'Words and characters', [byCharacter, byWord]);
  const characters = await score(laboratory, byCharacter);
  const whole = await score(laboratory, byWord);
  const unknown = whole.skipped / whole.characters;
  const training = corpus.vocabulary.encode(laboratory.train);
  const unknownInTraining = training.skipped / training.characters;
  const row = ({ name, train }: Learned, found: Evaluation) => [
    name,
    train.bitsPerCharacter.toFixed(3),
    found.bitsPerCharacter.toFixed(3),
    found.bitsPerId.toFixed(3),
    percent(found.accuracy),
    percent(found.skipped / found.characters),
  ];
  return `## Words and characters

The word network knows the ${WORDS.toLocaleString('en')} most frequent words and signs of its training text, \`<eos>\` where a work ends and \`<unk>\`
for all other words. It read the same text. Scored as \`scifi evaluate\` does, on the ${laboratory.valid.length.toLocaleString('en')} characters of validation:

${table(
  [
    'network',
    'training, bits per character',
    'bits per character',
    'bits per unit',
    'units right',
    'cannot spell',
  ],
  [row(byCharacter, characters), row(byWord, whole)],
)}

![Bits per character while learning](experiments/words.svg)

The words' bits per character flatter them: a word that is not known costs what \`<unk>\` costs and nothing for its
spelling, and ${percent(unknown)} of the characters here are in such words (${percent(unknownInTraining)} in the training text). Were those spelt at the
rate of the network of characters, it would be ${(whole.bitsPerCharacter + unknown * characters.bitsPerCharacter).toFixed(2)} bits per character. What it writes is all words, and it cannot write any
other; the network of characters has to learn spelling first, and can write any word. At temperature 0.6 words give

${await laboratory.sample(byWord.model, 0.6)}

and characters

${await laboratory.sample(byCharacter.model, 0.6)}
`;
}

async function score(laboratory: Laboratory, { model }: Learned): Promise<Evaluation> {
  const engine = await createOnnxEngine(model, { capacity: 8, threads: 1 });
  const found = await evaluate(engine, model.vocabulary, laboratory.valid);
  await engine.close();
  return found;
}
