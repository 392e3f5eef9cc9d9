/** Stories that tests hide between front and back matter. */

/** A paragraph of prose, wrapped as volunteers wrap it; the same number gives the same paragraph. */
export function paragraph(i: number): string {
  return (
    `The ship fell for ${i + 2} days before anybody spoke, and on the day after that the cook laid down his ladle ` +
    `and said that the gauge had been wrong since Ceres. Nobody laughed, since everybody had known it for ${i + 1} weeks.`
  ).replace(/(.{60}\S*) /g, '$1\n');
}

export const PROSE: readonly string[] = Array.from({ length: 30 }, (_, i) => paragraph(i));

export function unwrapped(block: string): string {
  return block.replaceAll('\n', ' ');
}

/** Sentences of stories that begin like front or back matter. */
export const TRAPS: readonly string[] = [
  'Thanks to the gauge, the proof of it was that nobody died.',
  'Produced by a machine, the soup was blue and the cook was not.',
  'Prepared for the worst, he opened the hatch.',
  'Printed in blood, the message said nothing.',
  'Copyright was what he died for, and a patent.',
  'Note: the gauge is wrong, she had written, and underlined it.',
  'To the captain it was all the same.',
  'For an instant nobody spoke.',
  'Contents unknown, said the label on the box.',
  'The Editor stood up with a sigh.',
  'He lived in New York, N. Y., on the ninth floor.',
  'It cost $4.50, then $5.50, and he paid.',
  'In the next issue of the paper they read of it.',
  'The End was near, and they said so.',
  'I think I may add that it was wrong.',
  'The following changes were seen in the gauge.',
  'Advertisements for gauges covered the wall.',
  'The price was 75c a day, and nobody complained.',
  'She had also written a book about gauges.',
  'First published results were false, he said.',
  'Set up the guns!',
  '"Write now!" cried the cook. "Write today!"',
  '"Dear Editor," he read aloud, and laughed.',
  'They called it Talents, and the press called it a company.',
  'Remember the gauge.',
  'Illustrations covered the walls of the galley.',
  'A subscription was opened, and it was published monthly.',
  '"Coming!" cried the cook.',
  'The transcriber typed by hand for an hour.',
];
