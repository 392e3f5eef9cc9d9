/** What a cover shows first: a machine, a creature or a city. Each is drawn around a point, about 420 px high. */
import { monster } from './monster.ts';
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';
import { robot } from './robot.ts';
import { circle, ellipse, path, placed, polygon, px, rectangle } from './svg.ts';

/** Draws a hero that stands on the ground below (`x`, `y`), or flies there. */
type Hero = (random: Random, palette: Palette, x: number, y: number) => string;

const OUTLINE = 'stroke-width="4" stroke-linejoin="round"';

/** The gradient of round metal, from its lit to its shaded side. */
function metalGradient(id: string, { metal: [lit, shade] }: Palette): string {
  return (
    `<linearGradient id="${id}"><stop offset="0" stop-color="${shade}"/><stop offset="0.28" stop-color="${lit}"/>` +
    `<stop offset="0.55" stop-color="${lit}"/><stop offset="1" stop-color="${shade}"/></linearGradient>`
  );
}

/** A rocket, its nose up, from -230 to 190. */
function rocketShape(random: Random, palette: Palette): string {
  const { accent, ink, glow, sky } = palette;
  const belly = random.between(48, 74);
  const hull = `M0 -230C${px(belly)} -150 ${px(belly)} 40 36 130H-36C${px(-belly)} 40 ${px(-belly)} -150 0 -230Z`;
  const sweep = random.between(70, 120);
  const fin = (side: 1 | -1) =>
    path(
      `M${px(side * belly * 0.72)} 10C${px(side * (belly + sweep * 0.5))} 40 ${px(side * (belly + sweep))} 110 ${px(side * (belly + sweep * 0.8))} 190` +
        `L${px(side * 56)} 150L${px(side * 30)} 130Z`,
      `fill="${accent}" stroke="${ink}" ${OUTLINE}`,
    );
  const ports = Array.from({ length: random.whole(1, 3) }, (_, index) => {
    const y = -110 + index * 56;
    return (
      circle(0, y, 19, `fill="${accent}" stroke="${ink}" stroke-width="4"`) +
      circle(0, y, 12, `fill="${sky[1]}"`) +
      path(`M-8 ${y - 2}a9 9 0 0 1 8 -8`, `fill="none" stroke="${glow}" stroke-width="3"`)
    );
  }).join('');
  const band = random.between(50, 90);
  const flame = (width: number, length: number, colour: string) =>
    path(
      `M${px(-width)} 134C${px(-width * 1.5)} ${px(134 + length * 0.4)} 0 ${px(134 + length * 0.8)} 0 ${px(134 + length)}C0 ${px(134 + length * 0.8)} ${px(width * 1.5)} ${px(134 + length * 0.4)} ${px(width)} 134Z`,
      `fill="${colour}"`,
    );
  const thrust = random.between(170, 300);
  return (
    `<defs>${metalGradient('hull', palette)}<clipPath id="hull-clip"><path d="${hull}"/></clipPath></defs>` +
    flame(44, thrust, accent) +
    flame(32, thrust * 0.75, glow) +
    flame(18, thrust * 0.45, '#ffffff') +
    fin(1) +
    fin(-1) +
    path('M-34 128H34L26 152H-26Z', `fill="${ink}"`) +
    path(hull, `fill="url(#hull)" stroke="${ink}" ${OUTLINE}`) +
    `<g clip-path="url(#hull-clip)">${rectangle(-90, -235, 180, 78, `fill="${accent}"`)}${rectangle(-90, band, 180, 22, `fill="${accent}"`)}${rectangle(-90, band + 30, 180, 8, `fill="${accent}"`)}</g>` +
    path(hull, `fill="none" stroke="${ink}" ${OUTLINE}`) +
    ports +
    path('M0 60C9 90 9 150 0 196C-9 150 -9 90 0 60Z', `fill="${accent}" stroke="${ink}" stroke-width="3"`)
  );
}

/** A rocket that rises from a cloud of smoke. */
const launch: Hero = (random, palette, x, y) => {
  let smoke = '';
  for (let index = 0; index < 16; index++) {
    const [dx, r] = [random.between(-210, 210), random.between(26, 70)];
    const colour = random.chance(0.6) ? palette.title : palette.sky[2];
    smoke += circle(
      x + dx,
      y + 190 + random.between(-10, 60) + Math.abs(dx) * 0.1,
      r,
      `fill="${colour}" opacity="0.9"`,
    );
  }
  return placed(rocketShape(random, palette), x, y - 40, 0.9, random.between(-7, 7)) + smoke;
};

/** A rocket that crosses the sky. */
const flight: Hero = (random, palette, x, y) => {
  const side = random.chance(0.5) ? 1 : -1;
  return placed(
    rocketShape(random, palette),
    x + side * 20,
    y - 20,
    random.between(0.85, 1.05),
    side * random.between(32, 62),
  );
};

/** A saucer above the ground, with its beam. */
const saucer: Hero = (random, palette, x, y) => {
  const { accent, ink, glow, sky, title } = palette;
  const wide = random.between(190, 250);
  const lamps = random.whole(5, 9);
  const rim = Array.from({ length: lamps }, (_, index) => {
    const angle = Math.PI * (0.08 + (0.84 * index) / (lamps - 1));
    return circle(
      -wide * 0.86 * Math.cos(angle),
      12 + 22 * Math.sin(angle),
      8,
      `fill="${index % 2 ? accent : glow}" stroke="${ink}" stroke-width="3"`,
    );
  }).join('');
  const beam = random.chance(0.75)
    ? polygon(
        [
          [-60, 40],
          [60, 40],
          [random.between(150, 230), 420],
          [-random.between(150, 230), 420],
        ],
        `fill="url(#beam)"`,
      )
    : '';
  const shape =
    `<defs>${metalGradient('disc', palette)}<linearGradient id="beam" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${glow}" stop-opacity="0.9"/><stop offset="1" stop-color="${glow}" stop-opacity="0.1"/></linearGradient></defs>` +
    beam +
    path(`M-80 -20C-80 -130 80 -130 80 -20Z`, `fill="${sky[1]}" stroke="${ink}" ${OUTLINE}`) +
    ellipse(0, -40, 15, 22, `fill="${ink}"`) +
    circle(0, -66, 13, `fill="${ink}"`) +
    path(
      'M-60 -40C-58 -84 -30 -98 -14 -100',
      `fill="none" stroke="${title}" stroke-width="6" opacity="0.8"`,
    ) +
    ellipse(0, 18, wide, 52, `fill="url(#disc)" stroke="${ink}" ${OUTLINE}`) +
    ellipse(0, -6, wide * 0.62, 26, `fill="${accent}" stroke="${ink}" ${OUTLINE}`) +
    ellipse(0, -14, 88, 14, `fill="${ink}" opacity="0.55"`) +
    rim;
  return placed(shape, x, y - 110, 0.95, random.between(-12, 12));
};

/** A city under glass. */
const dome: Hero = (random, palette, x, y) => {
  const { ink, glow, sky, title, accent, metal } = palette;
  const r = random.between(210, 250);
  const base = y + 130;
  let towers = '';
  for (let at = -r * 0.78; at < r * 0.72; ) {
    const width = random.between(22, 52);
    const most = Math.sqrt(Math.max(0, r * r - Math.max(Math.abs(at), Math.abs(at + width)) ** 2));
    const height = most * random.between(0.45, 0.86);
    const colour = random.pick([metal[0], metal[1], accent]);
    towers += rectangle(
      x + at,
      base - height,
      width,
      height,
      `fill="${colour}" stroke="${ink}" stroke-width="3"`,
    );
    if (random.chance(0.6))
      towers += path(
        `M${px(x + at)} ${px(base - height)}q${px(width / 2)} ${px(-width * 0.9)} ${px(width)} 0Z`,
        `fill="${accent}" stroke="${ink}" stroke-width="3"`,
      );
    for (let wy = base - height + 14; wy < base - 12; wy += 16)
      towers += rectangle(
        x + at + width * 0.25,
        wy,
        width * 0.5,
        6,
        `fill="${random.chance(0.5) ? glow : ink}" opacity="0.8"`,
      );
    at += width + random.between(2, 12);
  }
  const glass = `M${px(x - r)} ${px(base)}A${px(r)} ${px(r)} 0 0 1 ${px(x + r)} ${px(base)}Z`;
  return (
    path(glass, `fill="${sky[1]}" opacity="0.75"`) +
    towers +
    path(glass, `fill="${title}" fill-opacity="0.14" stroke="${title}" stroke-width="6"`) +
    path(
      `M${px(x - r * 0.82)} ${px(base - r * 0.25)}A${px(r * 0.86)} ${px(r * 0.86)} 0 0 1 ${px(x - r * 0.25)} ${px(base - r * 0.83)}`,
      `fill="none" stroke="${title}" stroke-width="10" stroke-linecap="round" opacity="0.75"`,
    ) +
    `<rect x="${px(x - r - 22)}" y="${px(base - 8)}" width="${px(2 * r + 44)}" height="34" rx="8" fill="${metal[1]}" stroke="${ink}" stroke-width="4"/>`
  );
};

/** Spires and the ways between them. */
const spires: Hero = (random, palette, x, y) => {
  const { accent, ink, glow, metal, title } = palette;
  const base = y + 230;
  let drawn = `<defs>${metalGradient('spire', palette)}</defs>`;
  const tops: [number, number][] = [];
  for (const offset of [-190, 170, -80, 80, 0]) {
    const height = random.between(260, 360) + (offset === 0 ? 90 : 0) - Math.abs(offset) * 0.5;
    const [width, left] = [random.between(26, 46), x + offset + random.between(-12, 12)];
    const top = base - height;
    tops.push([left, top + height * 0.4]);
    drawn +=
      polygon(
        [
          [left - width, base],
          [left - width * 0.35, top],
          [left + width * 0.35, top],
          [left + width, base],
        ],
        `fill="url(#spire)" stroke="${ink}" ${OUTLINE}`,
      ) +
      ellipse(left, top, width * 1.15, 18, `fill="${accent}" stroke="${ink}" ${OUTLINE}`) +
      path(
        `M${px(left - width * 0.7)} ${px(top - 8)}Q${px(left)} ${px(top - 60)} ${px(left + width * 0.7)} ${px(top - 8)}Z`,
        `fill="${metal[0]}" stroke="${ink}" ${OUTLINE}`,
      ) +
      path(`M${px(left)} ${px(top - 30)}V${px(top - 86)}`, `stroke="${ink}" stroke-width="5"`) +
      circle(left, top - 88, 6, `fill="${glow}"`);
    for (let wy = top + 34; wy < base - 60; wy += 24)
      drawn += rectangle(left - 5, wy, 10, 11, `fill="${random.chance(0.6) ? glow : ink}"`);
  }
  const bridges = tops.slice(1).map(([bx, by], index) => {
    const [ax, ay] = tops[index]!;
    return path(
      `M${px(ax)} ${px(ay)}Q${px((ax + bx) / 2)} ${px(Math.min(ay, by) - 30)} ${px(bx)} ${px(by)}`,
      `fill="none" stroke="${title}" stroke-width="7" opacity="0.75"`,
    );
  });
  return drawn + bridges.join('');
};

export const HEROES: readonly Hero[] = [launch, flight, saucer, robot, monster, dome, spires];
