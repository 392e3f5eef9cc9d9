/** The refusal sentences: why there is no story now, and when there can be one. Pure. */

export const sentences = {
  unavailable: 'The queue of stories cannot be reached at the moment. Try again in a minute.',
  overloaded: 'The queue of stories is too busy to answer. Try again in a minute.',
  personAtOnce: (most: number) =>
    most === 1
      ? 'You have a story under way. The next can start when it is done.'
      : `You have ${count(most)} stories under way. The next can start when one of them is done.`,
  personHourly: (most: number, ms: number) =>
    `${most === 1 ? 'You have had your story' : `You have had your ${count(most)} stories`} for this hour. ` +
    `The next can start in ${minutes(ms)}.`,
  placeAtOnce: (most: number) =>
    `${most === 1 ? 'A story is' : `${count(most)} stories are`} under way here, and that is the share of this ` +
    'place. Try again in a minute.',
  placeHourly: (most: number, ms: number) =>
    `This place has had its ${most === 1 ? 'story' : `${count(most)} stories`} for this hour. The next can ` +
    `start in ${minutes(ms)}.`,
  queueFull: (waiting: number) =>
    `${waiting === 1 ? 'A story is' : `${count(waiting)} stories are`} waiting already. Try again in a few minutes.`,
  queueWait: (waitMs: number, longestMs: number) =>
    `So many stories are waiting that yours would begin in ${minutes(waitMs)} only. Try again in ` +
    `${minutes(waitMs - longestMs)}.`,
} as const;

function count(number: number): string {
  return number.toLocaleString('en');
}

/** `12 minutes`: rounded up, so that the promised time holds. */
function minutes(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 60_000));
  return whole === 1 ? 'a minute' : `${count(whole)} minutes`;
}
