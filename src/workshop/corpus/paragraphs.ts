/** Joins a work's lines into paragraphs and reduces its typography to ASCII. */
import { fold } from '../../generator/folding.ts';

/** Typical length of wrapped lines of prose. */
const WRAPPED = 45;
const ASCII = /^[\n -~]$/;
/** ASCII replacements that suit prose. */
const WRITTEN_OUT: readonly (readonly [sign: RegExp, written: string])[] = [
  [/ ?°(?=\w)/g, ' degrees '],
  [/ ?°/g, ' degrees'],
  [/£ ?/g, 'L'],
  [/¢/g, 'c'],
  [/Æ(?=[a-z])/g, 'Ae'],
  [/Œ(?=[a-z])/g, 'Oe'],
  [/``/g, '"'],
  [/`/g, "'"],
  // 4½ must not become 41/2.
  [/(?<=\d)(?=[¼-¾⅐-⅞])/g, '-'],
];

/** Joins the lines of a paragraph of prose; headings, verse and lists keep theirs. */
export function unwrap(block: string): string {
  const lines = block.split('\n').map((line) => line.trim().replace(/[ \t]+/g, ' '));
  if (lines.length === 1) return lines[0]!;
  return isProse(lines) ? lines.reduce(joined) : lines.join('\n');
}

/** Joins two lines: no space follows a dash or a compound's hyphen at the end of a line. */
function joined(text: string, line: string): string {
  const isDash = /(?:--|[—―])$/.test(text) || (/[a-z]-$/i.test(text) && !/^(?:and|or|to)\b/.test(line));
  return isDash ? text + line : `${text} ${line}`;
}

function isProse(lines: readonly string[]): boolean {
  const whole = lines.slice(0, -1);
  const mean = whole.reduce((sum, line) => sum + line.length, 0) / whole.length;
  const goesOn = lines.slice(1).filter((line) => /^[^A-Za-z"'_*(]*["'_(]*[a-z0-9]/.test(line)).length;
  const share = goesOn / (lines.length - 1);
  return mean >= WRAPPED ? share >= 0.15 || mean >= 60 : share >= 0.6;
}

/** A scene break, in any form and number of repetitions. */
export const SCENE = '* * *';

/** Removes emphasis marks and reduces every character to ASCII. */
export function plain(block: string): string {
  const written = /[^\n -_a-~]/.test(block)
    ? WRITTEN_OUT.reduce((text, [sign, stands]) => text.replace(sign, stands), block)
    : block;
  const bare = written
    .replace(/_([^_]*)_/g, '$1')
    .replace(/(^|[\s"'(-])[*=~+#]([^\s*=~+#](?:[^*=~+#\n]*[^\s*=~+#])?)[*=~+#](?=$|[\s"'.,;:!?)-])/g, '$1$2')
    .replaceAll('_', '')
    .replace(/<\/?[a-z][^>\n]{0,60}>/gi, '');
  const spaced = cleanCharacters(bare).replace(/[ \t]+/g, ' ');
  // A line that has only signs without a replacement is dropped.
  return spaced.replace(/ *\n(?: *\n)*/g, '\n').trim();
}

const folded = new Map<string, string>();

/** Folds characters that are not ASCII; those without a replacement are removed. */
export function cleanCharacters(text: string): string {
  return text.replace(/[^\n -~]/gu, (character) => {
    let known = folded.get(character);
    if (known === undefined) {
      const found = fold(character, (one) => ASCII.test(one));
      known = found?.kind === 'text' ? found.text : '';
      folded.set(character, known);
    }
    return known;
  });
}
