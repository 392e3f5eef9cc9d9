/**
 * Looks for text that `scifi corpus build` should have removed: every line that a broad pattern matches, and
 * random passages for a person to read.
 */
import { uniformAt } from '../../src/generator/sampler.ts';
import { endWith, positive, readCommandLine } from '../command-line.ts';
import { worksOf } from './works.ts';

/** Broader than the cleaner's patterns, so it matches stories as well: each line must be read by a person. */
const SUSPICIOUS: readonly RegExp[] = [
  /gutenberg|\be-?text\b|\be-?book\b|pgdp|proofread|distributed proof|archive\.org|https?:|www\./i,
  /transcriber|transcribed (?:by|from)|transcription|typograph|hyphenat|spelling (?:has|have|was|were|errors?)/i,
  /\bproduced by\b|\bprepared by\b|scanned by|digiti[sz]ed|html version/i,
  /copyright|all rights reserved|licen[cs]e (?:agreement|terms)|public domain|trademark|small print/i,
  /printed in (?:the )?(?:u\.|united|great)|library of congress|first (?:printing|published)|printing history/i,
  /purely coincidental|living or dead/i,
  /\[(?:illustration|footnote|sidenote|page|editor)|^footnotes?\b|^table of contents|^contents\W*$/i,
  /\bnewsstands?\b|newsdealer|single copy|\bsubscription\b|next issue|to be continued|readers' corner/i,
  /\b(?:ace|pyramid|avon|bantam|monarch|pocket) books?\b|handling (?:fee|charge)|\d\dc\b|new york,? n\. ?y\./i,
  /^illustrated by|^illustrator|^cover (?:art|by|painting)|^(?:other )?books by|^by the same author/i,
];
const SHOWN = 160;
const PASSAGE_CHARACTERS = 700;

const HELP = `
node --import tsx scripts/corpus/check.ts DATA [options]

Prints every line of the corpus in DATA that may be a leftover, or passages to read.

  --passages COUNT  print this many passages instead: a quarter beginnings, a quarter ends, half middles
  --seed NUMBER     choose the passages by this seed (default: 1)
`;

const { values, positionals } = readCommandLine(
  HELP,
  { passages: { type: 'string' }, seed: { type: 'string', default: '1' } },
  1,
);
const [data] = positionals;
if (!data) endWith('Give the folder of a corpus.');

if (values.passages === undefined) {
  let [works, lines, caught] = [0, 0, 0];
  for await (const { id, text } of worksOf(data)) {
    works += 1;
    const all = text.split('\n').filter((line) => line !== '');
    for (const [i, line] of all.entries()) {
      lines += 1;
      const found = SUSPICIOUS.map((pattern) => pattern.exec(line)).find((match) => match);
      if (!found) continue;
      caught += 1;
      const from = Math.max(0, found.index - SHOWN / 2);
      console.log(`${id} ${Math.round((100 * i) / all.length)}%: ${line.slice(from, from + SHOWN)}`);
    }
  }
  console.log(`${caught} of ${lines.toLocaleString('en')} lines in ${works} works are to be read.`);
} else {
  const [passages, seed] = [positive('--passages', values.passages), Number(values.seed)];
  const works: { id: string; text: string }[] = [];
  for await (const work of worksOf(data)) works.push(work);
  for (let passage = 0; passage < passages; passage++) {
    const { id, text } = works[Math.floor(uniformAt(seed, passage, 0) * works.length)]!;
    const kind = ['beginning', 'middle', 'end', 'middle'][passage % 4]!;
    const at = Math.floor(uniformAt(seed, passage, 1) * Math.max(0, text.length - PASSAGE_CHARACTERS));
    const from =
      kind === 'beginning' ? 0 : kind === 'end' ? Math.max(0, text.length - PASSAGE_CHARACTERS) : at;
    console.log(
      `=== ${passage + 1}: ${kind} of ${id}\n${text.slice(from, from + PASSAGE_CHARACTERS).trim()}\n`,
    );
  }
}
