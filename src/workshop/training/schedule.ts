/** The schedule of a run: optimizer, learning rate and number of streams, by epoch or on a plateau. */
import { StoryError } from '../../errors.ts';
import { defaultRateOf, OPTIMIZERS, type OptimizerName } from './optimizers.ts';

export interface Phase {
  /**
   * When the phase begins: at an epoch, or when the validation score has not improved for this many epochs.
   */
  readonly from: { readonly epoch: number } | { readonly plateau: number };
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  /** Number of parallel streams, which is the batch size. */
  readonly streams: number;
}

const PHASE = /^(?:(\d+|plateau\d+):)?([a-z]+)(?:@([\d.e-]+))?(?:x(\d+))?$/;
const DEFAULT_STREAMS = 32;
const MOST_STREAMS = 8_192;

/**
 * Reads `adadelta@1x32,20:sgd@0.01x64,plateau3:sgd@0.001`: first Adadelta with a rate of 1 and 32 streams,
 * from epoch 20 on SGD with 64, and a tenth of the rate after three epochs without improvement. A phase that
 * omits the streams keeps those before; without a rate it uses the optimizer's default.
 *
 * @throws StoryError `bad_request` that names the part that cannot be read
 */
export function parseSchedule(text: string): Phase[] {
  const phases: Phase[] = [];
  for (const part of text.split(',')) {
    const [, when, name = '', rate, streams] = PHASE.exec(part.trim()) ?? [];
    const optimizer = OPTIMIZERS.find((known) => known === name);
    if (!optimizer) {
      throw unreadable(part, `expected such as 10:adam@0.002x32, with one of ${OPTIMIZERS.join(', ')}`);
    }
    const learningRate = rate === undefined ? defaultRateOf(optimizer) : Number(rate);
    if (!(learningRate > 0 && Number.isFinite(learningRate))) throw unreadable(part, 'its rate is no rate');
    const batch = streams === undefined ? (phases.at(-1)?.streams ?? DEFAULT_STREAMS) : Number(streams);
    if (batch < 1 || batch > MOST_STREAMS) throw unreadable(part, `streams are 1 to ${MOST_STREAMS}`);
    const isFirst = phases.length === 0;
    if (isFirst !== (when === undefined)) {
      throw unreadable(part, isFirst ? 'the first phase begins at once' : 'it does not say when it begins');
    }
    const from = when?.startsWith('plateau')
      ? { plateau: Number(when.slice('plateau'.length)) }
      : { epoch: Number(when ?? 0) };
    if ('plateau' in from && from.plateau < 1) throw unreadable(part, 'a plateau lasts an epoch or more');
    phases.push({ from, optimizer, learningRate, streams: batch });
  }
  return phases;
}

/**
 * The phase of an epoch, never an earlier one than the current.
 *
 * @param current index of the current phase
 * @param epoch the epoch that is about to begin
 * @param fruitless consecutive epochs without a better validation score
 */
export function nextPhase(
  phases: readonly Phase[],
  current: number,
  epoch: number,
  fruitless: number,
): number {
  const next = phases[current + 1];
  if (!next) return current;
  const isTime = 'epoch' in next.from ? epoch >= next.from.epoch : fruitless >= next.from.plateau;
  return isTime ? nextPhase(phases, current + 1, epoch, 0) : current;
}

function unreadable(part: string, why: string): StoryError {
  return new StoryError('bad_request', `The schedule's part ${JSON.stringify(part)} cannot be read: ${why}.`);
}
