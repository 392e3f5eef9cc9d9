import { InvalidArgumentError } from 'commander';

/** A parser of numbers for an option, which refuses anything else. */
export function numberOption(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Give a number.');
  return number;
}
