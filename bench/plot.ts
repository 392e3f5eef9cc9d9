/** A plot of lines over a logarithmic axis each way, as SVG. */

export interface Series {
  readonly name: string;
  /** [x, y], both above 0 */
  readonly points: readonly (readonly [number, number])[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 460;
const LEFT = 90;
const RIGHT = 190;
const TOP = 50;
const BOTTOM = 60;
/** Apart for those who cannot tell red from green (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];

/** @returns the text of an SVG file */
export function plot({ title, xLabel, yLabel, series }: PlotOptions): string {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  const [yLow, yHigh] = [
    10 ** Math.floor(Math.log10(Math.min(...ys))),
    10 ** Math.ceil(Math.log10(Math.max(...ys))),
  ];
  const [xLow, xHigh] = [Math.min(...xs), Math.max(...xs)];
  const scale = (value: number, low: number, high: number) =>
    Math.log(value / low) / Math.log(high / low || 2);
  const x = (value: number) => LEFT + scale(value, xLow, xHigh) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - scale(value, yLow, yHigh) * (HEIGHT - TOP - BOTTOM);
  const parts: string[] = [];
  for (let tick = yLow; tick <= yHigh * 1.001; tick *= 10) {
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${Math.round(tick).toLocaleString('en')}</text>`,
    );
  }
  for (const tick of [...new Set(xs)].toSorted((a, b) => a - b)) {
    parts.push(
      `<text x="${x(tick).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
    );
  }
  const ends = spread(series.map(({ points }) => y(points.at(-1)![1])));
  series.forEach(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [px, py] of points) {
      parts.push(`<circle cx="${x(px).toFixed(1)}" cy="${y(py).toFixed(1)}" r="3.5" fill="${colour}"/>`);
    }
    parts.push(
      `<text x="${WIDTH - RIGHT + 10}" y="${(ends[i]! + 4).toFixed(1)}" fill="${colour}">${escapeText(name)}</text>`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="26" font-size="15" font-weight="bold">${escapeText(title)}</text>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 16}" text-anchor="middle">${escapeText(xLabel)}</text>
<text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeText(yLabel)}</text>
${parts.join('\n')}
</svg>
`;
}

/** Moves labels apart that would cover each other. */
function spread(heights: readonly number[], gap = 16): number[] {
  const order = heights.map((_, i) => i).toSorted((a, b) => heights[a]! - heights[b]!);
  const moved = [...heights];
  order.forEach((index, place) => {
    if (place > 0) moved[index] = Math.max(moved[index]!, moved[order[place - 1]!]! + gap);
  });
  return moved;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
