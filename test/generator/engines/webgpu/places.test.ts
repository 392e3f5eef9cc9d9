import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Places, type State } from '../../../../src/generator/engines/webgpu/places.ts';
import { sized } from '../../../helpers/sized.ts';

const CAPACITY = 3;
const CHECKPOINTS = 2;

/** The memory of a device, as decodes read and write it: what was read into each half of each place. */
class Memory {
  readonly #texts = new Map<string, string>();

  read({ place, half }: State): string {
    return this.#texts.get(`${place} ${half}`) ?? '';
  }

  /** Each step reads what the step before wrote, and writes the other half. */
  decode(from: State, to: State, text: string): void {
    let read = this.read(from);
    [...text].forEach((character, step) => {
      read += character;
      this.#texts.set(`${to.place} ${to.half ^ (step & 1)}`, read);
    });
  }
}

describe('places of states', () => {
  test('keep every slot and checkpoint apart, after any sequence of calls', () => {
    const action = fc.record({
      act: fc.constantFrom('decode', 'clear', 'checkpoint', 'restore'),
      slot: fc.nat(CAPACITY - 1),
      number: fc.nat(CHECKPOINTS - 1),
      text: fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('a', 'b', 'c') }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const [places, memory] = [new Places(CAPACITY, CHECKPOINTS), new Memory()];
        const texts = new Array<string>(CAPACITY).fill('');
        const saved = texts.map(() => new Array<string>(CHECKPOINTS).fill(''));
        for (const { act, slot, number, text } of actions) {
          if (act === 'clear') {
            places.clear(slot);
            texts[slot] = '';
          } else if (act === 'checkpoint') {
            places.checkpoint([slot], number);
            saved[slot]![number] = texts[slot]!;
          } else if (act === 'restore') {
            places.restore(slot, number);
            texts[slot] = saved[slot]![number]!;
          } else {
            const { from, to } = places.next(slot);
            assert.ok(to.place < places.count - 1, 'the zeros stay');
            memory.decode(from, to, text);
            places.advance(slot, to, text.length);
            texts[slot] += text;
          }
          for (const [other, expected] of texts.entries()) {
            assert.equal(memory.read(places.next(other).from), expected, `slot ${other}`);
          }
        }
      }),
      { numRuns: sized(100, 1_000) },
    );
  });

  test('are three for each slot, and one of zeros', () => {
    assert.equal(new Places(5, 2).count, 16);
  });
});
