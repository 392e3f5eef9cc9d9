/** The operator's report on feedback: counts by model and preset, as rows and as a table. Pure. */
import { type FeedbackCount, type LikedShare, likedShare, type Verdict } from '../story/feedback.ts';

/** Ratings on the stories of one model, version and preset, on all platforms. */
export interface FeedbackRow extends Partial<LikedShare> {
  readonly model: string;
  readonly modelVersion: string;
  readonly preset: string;
  readonly liked: number;
  readonly disliked: number;
  readonly platforms: Readonly<Record<string, Readonly<Record<Verdict, number>>>>;
}

/** The rows of a report, by model, version and preset. */
export function feedbackRows(counts: readonly FeedbackCount[]): FeedbackRow[] {
  return groupsOf(counts, (one) => JSON.stringify([one.model, one.modelVersion, one.preset]))
    .map(([, group]): FeedbackRow => {
      const { model, modelVersion, preset } = group[0]!;
      const platforms = Object.fromEntries(
        groupsOf(group, ({ platform }) => platform)
          .sort(([one], [other]) => one.localeCompare(other))
          .map(([platform, some]) => [platform, ratingsIn(some)]),
      );
      const { liked, disliked } = ratingsIn(group);
      return { model, modelVersion, preset, liked, disliked, platforms, ...likedShare(liked, disliked) };
    })
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

/** A report as lines of text. */
export function feedbackLines(counts: readonly FeedbackCount[], days: number): string[] {
  const period = days === 1 ? 'today (UTC)' : `the last ${days} days (UTC)`;
  if (counts.length === 0) return [`No user has liked or disliked a story of ${period}.`];
  const platforms = [...new Set(counts.map(({ platform }) => platform))].sort();
  const rows = [
    ...feedbackRows(counts).map((row) => [row.model, row.modelVersion, row.preset, ...cellsOf(row)]),
    ['all', '', '', ...cellsOf(ratingsIn(counts))],
    ...(platforms.length > 1 ? platforms : []).map((platform) => [
      `on ${platform}`,
      '',
      '',
      ...cellsOf(ratingsIn(counts.filter((one) => one.platform === platform))),
    ]),
  ];
  const table = [['model', 'version', 'preset', 'liked', 'disliked', 'share liked', '95% interval'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return [
    `Feedback on the stories of ${period}:`,
    '',
    ...table.map((row) =>
      row
        .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

/** The counts of each key. */
function groupsOf(
  counts: readonly FeedbackCount[],
  keyOf: (count: FeedbackCount) => string,
): [string, FeedbackCount[]][] {
  const groups = new Map<string, FeedbackCount[]>();
  for (const one of counts) {
    const key = keyOf(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups];
}

/** The sums of ratings. */
export function ratingsIn(counts: readonly FeedbackCount[]): Record<Verdict, number> {
  const of = (verdict: Verdict) =>
    counts.reduce((sum, one) => (one.verdict === verdict ? sum + one.votes : sum), 0);
  return { liked: of('liked'), disliked: of('disliked') };
}

function cellsOf({ liked, disliked }: Readonly<Record<Verdict, number>>): string[] {
  const { share = 0, low = 0, high = 1 } = likedShare(liked, disliked) ?? {};
  const numbers = [liked, disliked].map((number) => number.toLocaleString('en'));
  return [...numbers, percent(share), `${percent(low)} to ${percent(high)}`];
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function nameOf({ model, modelVersion, preset }: FeedbackRow): string {
  return `${model} ${modelVersion} ${preset}`;
}
