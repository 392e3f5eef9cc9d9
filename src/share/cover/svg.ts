/** Pieces of SVG. */

export const WIDTH = 1200;
export const HEIGHT = 630;

/** A coordinate in px, to a tenth. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

type Point = readonly [x: number, y: number];

/** A closed polygon. */
export function polygon(points: readonly Point[], attributes: string): string {
  return `<path d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join('L')}Z" ${attributes}/>`;
}

export function circle(x: number, y: number, r: number, attributes: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="${px(r)}" ${attributes}/>`;
}

export function ellipse(x: number, y: number, rx: number, ry: number, attributes: string): string {
  return `<ellipse cx="${px(x)}" cy="${px(y)}" rx="${px(rx)}" ry="${px(ry)}" ${attributes}/>`;
}

export function rectangle(x: number, y: number, width: number, height: number, attributes: string): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" ${attributes}/>`;
}

export function path(data: string, attributes: string): string {
  return `<path d="${data}" ${attributes}/>`;
}

/** A group that is moved, scaled and turned by degrees. */
export function placed(content: string, x: number, y: number, scale: number, degrees = 0): string {
  const turn = degrees === 0 ? '' : ` rotate(${px(degrees)})`;
  return `<g transform="translate(${px(x)} ${px(y)})${turn} scale(${Math.round(scale * 1000) / 1000})">${content}</g>`;
}
