/**
 * A line plot as SVG, with logarithmic axes for values that span powers of ten, and linear axes for others. An
 * x axis of names has points without lines.
 */

export interface Series {
  readonly name: string;
  /** [x, y]; above 0 over logarithmic axes */
  readonly points: readonly (readonly [number, number])[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xLabel?: string;
  /** Names of x = 0, 1, ...; an axis of names instead of numbers. */
  readonly xNames?: readonly string[];
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Of both axes; logarithmic by default. */
  readonly scale?: 'linear' | 'logarithmic';
}

const WIDTH = 760;
const HEIGHT = 460;
const LEFT = 90;
const RIGHT = 190;
const TOP = 50;
const BOTTOM = 60;
const BOTTOM_OF_NAMES = 150;
/** Distinguishable for readers who cannot tell red from green (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];

/** Maximum number of points of a line that are drawn as points. */
const DOTS_MAX = 40;
/** Lines across a linear plot. */
const LINEAR_TICKS = 6;

/** @returns the text of an SVG file */
export function plot(options: PlotOptions): string {
  const { title, xLabel = '', xNames, yLabel, series, scale = 'logarithmic' } = options;
  const bottom = xNames ? BOTTOM_OF_NAMES : BOTTOM;
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  const isLinear = scale === 'linear';
  const yTicks = isLinear ? linearTicks(ys) : powersOfTen(ys);
  const xTicks = xNames
    ? xNames.map((_, i) => i)
    : isLinear
      ? linearTicks(xs)
      : [...new Set(xs)].toSorted((a, b) => a - b);
  const share = (value: number, ticks: readonly number[]) => {
    const [low, high] = [ticks[0]!, ticks.at(-1)!];
    if (isLinear) return (value - low) / (high - low || 1);
    return Math.log(value / low) / Math.log(high / low || 2);
  };
  const x = (value: number) => LEFT + share(value, xTicks) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - bottom - share(value, yTicks) * (HEIGHT - TOP - bottom);
  const parts: string[] = [];
  const label = (tick: number) =>
    Number(tick.toPrecision(6)).toLocaleString('en', { maximumFractionDigits: 6 });
  for (const tick of yTicks) {
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${label(tick)}</text>`,
    );
  }
  for (const tick of xTicks) {
    const [left, top] = [x(tick).toFixed(1), HEIGHT - bottom + 20];
    parts.push(
      xNames
        ? `<text transform="translate(${left} ${top}) rotate(-35)" text-anchor="end">${escapeText(xNames[tick]!)}</text>`
        : `<text x="${left}" y="${top}" text-anchor="middle">${label(tick)}</text>`,
    );
  }
  const ends = spread(series.map(({ points }) => y(points.at(-1)![1])));
  series.forEach(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
    if (!xNames) parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    // With many points the line is enough.
    for (const [px, py] of points.length > DOTS_MAX ? [] : points) {
      parts.push(`<circle cx="${x(px).toFixed(1)}" cy="${y(py).toFixed(1)}" r="3.5" fill="${colour}"/>`);
    }
    parts.push(
      `<text x="${WIDTH - RIGHT + 10}" y="${(ends[i]! + 4).toFixed(1)}" fill="${colour}">${escapeText(name)}</text>`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${escapeText(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="26" font-size="15" font-weight="bold">${escapeText(title)}</text>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 16}" text-anchor="middle">${escapeText(xLabel)}</text>
<text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeText(yLabel)}</text>
${parts.join('\n')}
</svg>
`;
}

function powersOfTen(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

/** About `LINEAR_TICKS` round numbers over the range of all values. */
function linearTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = (high - low || Math.abs(high) || 1) / LINEAR_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((times) => rough <= times * power)!;
  const first = Math.floor(low / step);
  const count = Math.ceil(high / step) - first;
  return Array.from({ length: Math.max(count, 1) + 1 }, (_, i) => (first + i) * step);
}

/** Moves overlapping labels apart. */
function spread(heights: readonly number[], gap = 16): number[] {
  const order = heights.map((_, i) => i).toSorted((a, b) => heights[a]! - heights[b]!);
  const moved = [...heights];
  order.forEach((index, rank) => {
    if (rank > 0) moved[index] = Math.max(moved[index]!, moved[order[rank - 1]!]! + gap);
  });
  return moved;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
