/**
 * Looks for text that `scifi corpus build` should have removed: every line that a broad pattern matches, and
 * random passages for a person to read.
 *
 *   node --import tsx scripts/corpus/check.ts DATA                       # lines that may be leftovers
 *   node --import tsx scripts/corpus/check.ts DATA --places 40 --seed 7  # a quarter beginnings, a quarter ends, half middles
 */
import { parseArgs } from 'node:util';
import { uniformAt } from '../../src/generator/sampler.ts';
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
const PLACE = 700;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { places: { type: 'string' }, seed: { type: 'string', default: '1' } },
});
const [data] = positionals;
if (!data) throw new Error('Give the folder of a corpus.');

if (values.places === undefined) {
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
  const [places, seed] = [Number(values.places), Number(values.seed)];
  const works: { id: string; text: string }[] = [];
  for await (const work of worksOf(data)) works.push(work);
  for (let place = 0; place < places; place++) {
    const { id, text } = works[Math.floor(uniformAt(seed, place, 0) * works.length)]!;
    const kind = ['beginning', 'middle', 'end', 'middle'][place % 4]!;
    const at = Math.floor(uniformAt(seed, place, 1) * Math.max(0, text.length - PLACE));
    const from = kind === 'beginning' ? 0 : kind === 'end' ? Math.max(0, text.length - PLACE) : at;
    console.log(`=== ${place + 1}: ${kind} of ${id}\n${text.slice(from, from + PLACE).trim()}\n`);
  }
}
