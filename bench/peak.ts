/** What the processor can do at most, in the measures that bound the integer engine. */
import type { Kernel } from '../src/generator/engines/integer/kernel.ts';
import type { IntegerPlan } from '../src/generator/engines/integer/plan.ts';

const READ_MS = 300;
const CHAIN = 20_000_000;
/** A dependent 32-bit multiplication takes three cycles on every processor that Node runs fast on. */
const CYCLES_OF_A_MULTIPLICATION = 3;

/** Weights of one step: as many bytes, and as many multiply-adds for each row. */
export function weightsOf(plan: IntegerPlan): number {
  const layers = plan.layers.reduce(
    (sum, { inputKernel, recurrentKernel }) => sum + inputKernel.length + recurrentKernel.length,
    0,
  );
  return layers + plan.output.kernel.length;
}

/** Bytes per second that one core reads of a block in its caches or its memory: the C library's memcmp. */
export function readBandwidth(bytes: number): number {
  const [one, other] = [Buffer.alloc(bytes / 2, 1), Buffer.alloc(bytes / 2, 1)];
  one.compare(other);
  const started = performance.now();
  let runs = 0;
  let now = started;
  while (now - started < READ_MS) {
    one.compare(other);
    runs++;
    now = performance.now();
  }
  return (runs * 2 * one.length) / ((now - started) / 1_000);
}

/** Cycles per second of a core that computes. */
export function clockRate(): number {
  const chain = (factor: number) => {
    let value = factor;
    for (let i = 0; i < CHAIN; i++) value = Math.imul(value, factor);
    return value;
  };
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    chain(0x9e37_79b1 + 2 * run);
    best = Math.min(best, performance.now() - started);
  }
  return (CHAIN * CYCLES_OF_A_MULTIPLICATION) / (best / 1_000);
}

/**
 * Says what share of the machine an engine uses.
 *
 * @param alone characters per second of one story
 * @param crowd characters per second of many
 */
export function shareOfPeak(
  { name, lanes }: Pick<Kernel, 'name' | 'lanes'>,
  plan: IntegerPlan,
  cores: number,
  alone: number,
  crowd: number,
): string[] {
  const weights = weightsOf(plan);
  const read = readBandwidth(weights);
  const memory = readBandwidth(2 ** 29);
  const clock = clockRate();
  const giga = (value: number) => (value / 1e9).toFixed(1);
  const aloneShare = ((alone * weights) / (read * cores)) * 100;
  const perCycle = (crowd * weights) / (4 * lanes * clock * cores);
  return [
    `A step reads ${(weights / 1e6).toFixed(2)} million weights, a byte each. One core reads a block of that size at ` +
      `${giga(read)} GB/s from its caches, and memory at ${giga(memory)} GB/s.`,
    `Alone, integer reads ${giga(alone * weights)} GB/s of weights: ${Math.round(aloneShare)}% of what ${cores} ` +
      `cores read.`,
    `In a crowd it does ${giga(crowd * weights)} billion multiply-adds a second: with the kernel ${name}, of ` +
      `${4 * lanes} in one instruction, ${perCycle.toFixed(2)} such instructions in a cycle of each of ${cores} cores ` +
      `at ${giga(clock)} GHz. With 64 in an instruction, Zen 4 can do one and Zen 5 and Intel's servers two.`,
  ];
}
