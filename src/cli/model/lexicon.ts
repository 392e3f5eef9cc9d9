import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { StoryError } from '../../errors.ts';
import { buildLexicon, Lexicon } from '../../generator/lexicon.ts';
import { loadModel, saveLexicon } from '../../generator/model/files.ts';
import { BOUNDARY } from '../../generator/vocabulary.ts';
import { lexiconWords } from '../../workshop/corpus/lexicon-words.ts';
import { printLine } from '../console.ts';
import { findModel } from './find.ts';

/** `model lexicon`: the words that a model's stories are limited to. */
export function addModelLexicon(model: Command): void {
  model
    .command('lexicon')
    .description("write a model's lexicon.bin from the texts that it was trained on")
    .argument('<model>', "a model's folder, or the name of a model")
    .argument('<texts...>', 'files such as train.txt, whose works begin with U+0003')
    .action(async (named: string, paths: string[]) => {
      const folder = findModel(named);
      await loadModel(folder);
      const words = new Map<string, boolean>();
      for (const path of paths) {
        const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw new StoryError('configuration', `${path} cannot be read (${error.code}).`);
        });
        const found = lexiconWords(text.split(BOUNDARY).filter((work) => work.trim() !== ''));
        if (found.size === 0) throw new StoryError('configuration', `${path} holds no words.`);
        // A name in one text may be a common word in another.
        for (const [word, isCommon] of found) words.set(word, isCommon || words.get(word) === true);
      }
      const bytes = buildLexicon(words);
      await saveLexicon(folder, new Lexicon(bytes));
      printLine(`${words.size.toLocaleString('en')} words, ${bytes.length.toLocaleString('en')} bytes`);
    });
}
