import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printableLine, printableText } from '../src/terminal.ts';

/**
 * Characters that a terminal interprets, and those that reorder or hide text: by code point, independently of
 * the implementation.
 */
function isObeyed(codePoint: number): boolean {
  const ranges: readonly (readonly [number, number])[] = [
    [0x00, 0x1f], // C0
    [0x7f, 0x9f], // DEL, C1
    [0x200b, 0x200b],
    [0x200e, 0x200f],
    [0x2028, 0x202e], // line and paragraph separators, direction overrides
    [0x2060, 0x2064], // invisible operators
    [0x2066, 0x206f], // direction isolates
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xe0020, 0xe007f], // invisible tags
  ];
  return ranges.some(([first, last]) => codePoint >= first && codePoint <= last);
}

const pointsOf = (text: string) => Array.from(text, (character) => character.codePointAt(0)!);

describe('printable text', () => {
  it('escapes every character that a terminal interprets, and keeps all others', () => {
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      const line = printableLine(character);
      if (isObeyed(codePoint)) assert.match(line, /^(?:\\u[0-9a-f]{4})+$/, codePoint.toString(16));
      // Compares first: a million assertions take longer than the escaping.
      else if (line !== character && /\p{L}|\p{N}|\p{P}|\p{S}|\p{M}|\p{Zs}/u.test(character))
        assert.equal(line, character);
    }
  });

  it('leaves no character of any text that a terminal interprets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.ok(!pointsOf(printableLine(text)).some(isObeyed));
        const laidOut = printableText(text).replaceAll(/\r?\n|\t/g, '');
        assert.ok(!pointsOf(laidOut).some(isObeyed));
      }),
    );
  });

  it('keeps line ends and tabs of a text, and escapes those of a line', () => {
    assert.equal(printableText('one\n\ttwo\rthree\r\n'), 'one\n\ttwo\\u000dthree\r\n');
    assert.equal(printableLine('one\n\ttwo'), 'one\\u000a\\u0009two');
  });

  it('keeps the joiners of emoji and of Persian', () => {
    const text = '\u{1f469}\u200d\u{1f680} \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645';
    assert.equal(printableLine(text), text);
  });

  it('leaves a log line unchanged', () => {
    const logged = { msg: 'a\u009b31m\u202eb\u{e0041}"\\n', list: ['\u001b]0;x\u0007'] };
    const line = printableText(`${JSON.stringify(logged)}\n`);
    assert.ok(!pointsOf(line.slice(0, -1)).some(isObeyed));
    assert.deepEqual(JSON.parse(line), logged);
  });
});
