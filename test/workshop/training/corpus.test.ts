import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoryError } from '../../../src/errors.ts';
import {
  corpusOf,
  encodeWorks,
  readCorpus,
  vocabularyOf,
  wordVocabularyOf,
} from '../../../src/workshop/training/corpus.ts';
import { temporaryFolder } from '../../helpers/programs.ts';

const TEXT = '\u0003The ship fell. The ship burned.\n\u0003The \u201ccook\u201d fell, too.\n';

/** The characters or words of a text's ids. */
function read(text: string, vocabulary = wordVocabularyOf(TEXT, 100)): string[] {
  return Array.from(encodeWorks(vocabulary, text).ids, (id) => vocabulary.decode(id));
}

describe('a corpus', () => {
  it('of characters has the frequent ones, and folds the others to them', () => {
    const vocabulary = vocabularyOf(`${'ab\u201c'.repeat(30)}q`);
    const known = Array.from({ length: vocabulary.size }, (_, id) => vocabulary.decode(id));
    assert.deepEqual(known, ['\u0003', '\n', ' ', 'a', 'b']);
    const { ids, skipped, charactersPerId } = encodeWorks(vocabulary, '\u0003ab\u0003q\u0003ba');
    assert.deepEqual([[...ids], skipped, charactersPerId], [[0, 3, 4, 0, 4, 3], 1, 1]);
  });

  it('of words is its text, word by word, with each work directly after the end of the one before', () => {
    assert.deepEqual(read(TEXT), [
      ...['\u0003', 'The', ' ship', ' fell', '.', ' The', ' ship', ' burned', '.', '\n'],
      ...['\u0003', 'The', ' "', 'cook', '"', ' fell', ',', ' too', '.', '\n'],
    ]);
  });

  it('of words has the most frequent ones, and counts the characters in unknown words', () => {
    const vocabulary = wordVocabularyOf(TEXT, 4);
    assert.equal(vocabulary.size, 6, '<eos> and <unk> beside them');
    assert.deepEqual(read('The ship fell.', vocabulary), ['\u0003', '\ufffd', ' ship', ' fell', '.']);
    const { charactersPerId, skipped } = corpusOf(vocabulary, 'The ship fell.', 'The.');
    assert.deepEqual(charactersPerId, { train: 14 / 4, valid: 2 });
    assert.equal(skipped, 6);
  });

  it('is read from a folder, and errors name what is wrong', async () => {
    const { folder, remove } = await temporaryFolder();
    try {
      const refused = (sentence: RegExp) =>
        assert.rejects(
          readCorpus(folder),
          (error) => error instanceof StoryError && sentence.test(error.message),
        );
      await writeFile(join(folder, 'train.txt'), TEXT.repeat(20));
      await refused(
        /valid\.txt cannot be read \(ENOENT\)\. A folder to learn from holds train\.txt and valid\.txt/,
      );
      await writeFile(join(folder, 'valid.txt'), ' \n');
      await refused(/valid\.txt is empty/);
      await writeFile(join(folder, 'valid.txt'), TEXT);
      const corpus = await readCorpus(folder, (text) => wordVocabularyOf(text, 50));
      assert.deepEqual([corpus.train.length, corpus.valid.length], [400, 20]);
      assert.equal((await readCorpus(folder)).vocabulary.unit, 'char');
    } finally {
      await remove();
    }
  });
});
