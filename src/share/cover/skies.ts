/** What is far away on a cover: the sky, its stars, rays and planets. */
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';
import { circle, ellipse, HEIGHT, path, polygon, px, rectangle, WIDTH } from './svg.ts';

/** The sky, and the gradients that the whole cover uses. */
export function sky(random: Random, { sky: [top, middle, bottom], glow }: Palette): string {
  const slant = random.between(-0.25, 0.25);
  const stops = [
    [0, top],
    [random.between(0.42, 0.62), middle],
    [1, bottom],
  ]
    .map(([offset, colour]) => `<stop offset="${offset}" stop-color="${colour}"/>`)
    .join('');
  return (
    `<defs><linearGradient id="sky" x1="${px(0.5 - slant)}" y1="0" x2="${px(0.5 + slant)}" y2="1">${stops}` +
    `</linearGradient><radialGradient id="glow"><stop offset="0" stop-color="${glow}"/>` +
    `<stop offset="0.35" stop-color="${glow}" stop-opacity="0.55"/>` +
    `<stop offset="1" stop-color="${glow}" stop-opacity="0"/></radialGradient></defs>` +
    rectangle(0, 0, WIDTH, HEIGHT, 'fill="url(#sky)"')
  );
}

export function stars(random: Random, { title, glow }: Palette): string {
  let drawn = '';
  const number = random.whole(60, 160);
  for (let index = 0; index < number; index++) {
    const [x, y] = [random.between(0, WIDTH), random.between(0, HEIGHT * 0.8)];
    const opacity = px(random.between(0.3, 1));
    drawn += circle(x, y, random.between(0.7, 2.4), `fill="${title}" opacity="${opacity}"`);
  }
  for (let index = random.whole(3, 8); index > 0; index--) {
    const [x, y, r] = [random.between(30, WIDTH - 30), random.between(120, 400), random.between(7, 17)];
    const points = Array.from({ length: 8 }, (_, corner) => {
      const [angle, reach] = [(corner * Math.PI) / 4, corner % 2 === 0 ? r : r * 0.18];
      return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)] as const;
    });
    drawn += polygon(points, `fill="${glow}"`);
  }
  return drawn;
}

/** Rays from a point, and the glow around it. */
export function rays(random: Random, { glow }: Palette, x: number, y: number): string {
  const number = random.whole(12, 26);
  const first = random.between(0, Math.PI);
  const share = random.between(0.35, 0.6);
  const opacity = px(random.between(0.2, 0.45));
  let data = '';
  for (let index = 0; index < number; index++) {
    const from = first + (index * 2 * Math.PI) / number;
    const to = from + (share * 2 * Math.PI) / number;
    const end = (angle: number) => `${px(x + 1500 * Math.cos(angle))} ${px(y + 1500 * Math.sin(angle))}`;
    data += `M${px(x)} ${px(y)}L${end(from)}L${end(to)}Z`;
  }
  return (
    path(data, `fill="${glow}" opacity="${opacity}"`) +
    circle(x, y, random.between(240, 420), 'fill="url(#glow)"')
  );
}

/** Bands of light across the sky. */
export function aurora(random: Random, { glow, accent }: Palette): string {
  let drawn = '';
  for (let index = random.whole(2, 4); index > 0; index--) {
    const y = random.between(120, 420);
    const [bend, thick] = [random.between(-160, 160), random.between(20, 70)];
    const colour = random.chance(0.6) ? glow : accent;
    drawn += path(
      `M-20 ${px(y)}C300 ${px(y + bend)} 800 ${px(y - bend)} 1220 ${px(y + bend / 3)}` +
        `V${px(y + bend / 3 + thick)}C800 ${px(y - bend + thick * 1.6)} 300 ${px(y + bend + thick * 2)} -20 ${px(y + thick)}Z`,
      `fill="${colour}" opacity="${px(random.between(0.15, 0.35))}"`,
    );
  }
  return drawn;
}

/** A planet with bands or craters, in its own shade, and perhaps a ring. */
export function planet(
  random: Random,
  palette: Palette,
  { id, x, y, r, ring }: { id: string; x: number; y: number; r: number; ring: boolean },
): string {
  const [lit, shade] = random.chance(0.75) ? palette.planet : [palette.glow, palette.accent];
  const tilt = random.between(-28, 28);
  const clip = `<clipPath id="${id}">${circle(x, y, r, '')}</clipPath>`;
  let surface = circle(x, y, r, `fill="${lit}"`);
  if (random.chance(0.55)) {
    for (let at = -r * 0.85; at < r; ) {
      const height = random.between(r * 0.06, r * 0.24);
      const opacity = px(random.between(0.15, 0.5));
      const bow = random.between(-0.12, 0.12) * r;
      surface += path(
        `M${px(x - r)} ${px(y + at)}Q${px(x)} ${px(y + at + bow)} ${px(x + r)} ${px(y + at)}v${px(height)}` +
          `Q${px(x)} ${px(y + at + height - bow)} ${px(x - r)} ${px(y + at + height)}Z`,
        `fill="${shade}" opacity="${opacity}"`,
      );
      at += height + random.between(r * 0.05, r * 0.25);
    }
  } else {
    for (let index = random.whole(6, 13); index > 0; index--) {
      const [angle, reach] = [random.between(0, 2 * Math.PI), r * Math.sqrt(random.next()) * 0.92];
      const size = random.between(r * 0.05, r * 0.2);
      const [cx, cy] = [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
      surface +=
        ellipse(cx, cy, size, size * 0.85, `fill="${shade}" opacity="0.45"`) +
        ellipse(cx + size * 0.15, cy + size * 0.15, size * 0.8, size * 0.66, `fill="${lit}" opacity="0.55"`);
    }
  }
  const light = random.chance(0.5) ? 1 : -1;
  // The night side: what a circle, moved towards the light, leaves uncovered.
  const night = path(
    `M${px(x - 2 * r)} ${px(y - 2 * r)}h${px(4 * r)}v${px(4 * r)}h${px(-4 * r)}Z` +
      `M${px(x + light * r * 0.4 - r * 1.08)} ${px(y - r * 0.12)}a${px(r * 1.08)} ${px(r * 1.08)} 0 1 0 ${px(r * 2.16)} 0` +
      `a${px(r * 1.08)} ${px(r * 1.08)} 0 1 0 ${px(-r * 2.16)} 0Z`,
    `fill="${palette.ink}" fill-rule="evenodd" opacity="0.5"`,
  );
  const turned = (content: string) => `<g transform="rotate(${px(tilt)} ${px(x)} ${px(y)})">${content}</g>`;
  const body = `${clip}<g clip-path="url(#${id})">${turned(surface)}${night}</g>`;
  if (!ring) return body;
  const rings = (half: 0 | 1) =>
    turned(
      [1.95, 1.7, 1.5]
        .map((reach, index) => {
          const [rx, ry] = [r * reach, r * reach * 0.24];
          const colour = index === 1 ? palette.accent : palette.title;
          return path(
            `M${px(x - rx)} ${px(y)}A${px(rx)} ${px(ry)} 0 0 ${half} ${px(x + rx)} ${px(y)}`,
            `fill="none" stroke="${colour}" stroke-width="${px(r * (index === 1 ? 0.05 : 0.085))}" opacity="0.9"`,
          );
        })
        .join(''),
    );
  return rings(1) + body + rings(0);
}
