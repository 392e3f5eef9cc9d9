/** The terminal output of `scifi train`: permanent lines, and below them a progress bar. */
import type { EpochReport, Report } from '../workshop/training/progress.ts';
import { clearProgress, printLine, showProgress } from './console.ts';

const BAR_WIDTH = 24;

/** Prints a permanent line. */
export function tell(line: string): void {
  clearProgress();
  printLine(line);
}

/** Redraws the bar in place, on a terminal. */
export function drawBar(report: Report): void {
  showProgress(barOf(report));
}

/** An epoch's progress, loss, accuracy and speed, and the remaining time of the run. */
export function barOf(report: Report): string {
  const { epoch, epochs, chunk, chunks, train, charactersPerSecond, secondsLeft } = report;
  const done = Math.round((chunk / chunks) * BAR_WIDTH);
  return (
    `[${'='.repeat(done)}${' '.repeat(BAR_WIDTH - done)}] ${epoch + 1}/${epochs}  ` +
    `${train.bitsPerCharacter.toFixed(3)} bits  ${percent(train.accuracy)}  ` +
    `${Math.round(charactersPerSecond).toLocaleString('en')} ch/s  ${duration(secondsLeft)} left`
  );
}

export function epochLine({ epoch, train, valid, isBest, seconds }: EpochReport): string {
  return (
    `epoch ${epoch + 1}: ${train.bitsPerCharacter.toFixed(4)} bits per character (${percent(train.accuracy)}), ` +
    `validation ${valid.bitsPerCharacter.toFixed(4)} (${percent(valid.accuracy)})${isBest ? ', the best' : ''}, ` +
    `${Math.round(seconds)} s`
  );
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
