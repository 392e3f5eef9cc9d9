import { InvalidArgumentError } from 'commander';

/** A parser of numbers for an option, refusing anything that is not one. */
export function numberOption(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Give a number.');
  return number;
}
