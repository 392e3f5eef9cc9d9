/** The ground of covers: hills, dunes, a city's outline, a sea, a plain with craters. */
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';
import { ellipse, HEIGHT, path, polygon, px, rectangle, WIDTH } from './svg.ts';

type Ground = (random: Random, palette: Palette) => string;

/** Jagged ranges, from far to near. */
const mountains: Ground = (random, { ground, glow }) =>
  ground
    .map((colour, depth) => {
      const base = 420 + depth * 75;
      const rough = 150 - depth * 35;
      const points: [number, number][] = [[-10, HEIGHT + 10]];
      let up = random.chance(0.5);
      for (let x = -40; x < WIDTH + 90; x += random.between(40, 120)) {
        points.push([x, base + (up ? -random.between(rough * 0.3, rough) : random.between(0, rough * 0.35))]);
        up = !up;
      }
      const tops = points.slice(1);
      const lit =
        depth === 2
          ? ''
          : tops
              .map(([x, y], index) => {
                const [nx, ny] = tops[index + 1] ?? [x, y];
                // The side of a peak that faces the light.
                return ny > y
                  ? polygon(
                      [
                        [x, y],
                        [nx, ny],
                        [x + (nx - x) * 0.35, ny],
                      ],
                      `fill="${glow}" opacity="0.13"`,
                    )
                  : '';
              })
              .join('');
      return polygon([...points, [WIDTH + 100, HEIGHT + 10]], `fill="${colour}"`) + lit;
    })
    .join('');

/** Waves of sand. */
const dunes: Ground = (random, { ground, glow }) =>
  ground
    .map((colour, depth) => {
      const y = 455 + depth * 62;
      const [rise, fall] = [random.between(-70, 70), random.between(-60, 60)];
      const crest = `M-10 ${px(y)}C260 ${px(y - rise)} 420 ${px(y + rise)} 640 ${px(y)}S1000 ${px(y + fall)} 1210 ${px(y - fall)}`;
      return (
        path(`${crest}V${HEIGHT + 10}H-10Z`, `fill="${colour}"`) +
        path(crest, `fill="none" stroke="${glow}" stroke-width="${5 - depth}" opacity="0.45"`)
      );
    })
    .join('');

/** A row of towers with lit windows; `tall` is the height of the highest, in px. */
function skyline(random: Random, { ground, glow }: Palette, base: number, tall: number): string {
  let drawn = '';
  for (const [depth, colour] of ground.slice(0, 2).entries()) {
    for (let x = -20; x < WIDTH + 20; ) {
      const width = random.between(34, 92);
      const height = random.between(tall * 0.25, tall) * (depth === 0 ? 1 : 0.7);
      const [top, middle] = [base - height, x + width / 2];
      const fill = `fill="${colour}"`;
      drawn += rectangle(x, top, width, height + 40, fill);
      const kind = random.whole(0, 4);
      if (kind === 0)
        drawn += path(`M${px(x)} ${px(top)}a${px(width / 2)} ${px(width / 2)} 0 0 1 ${px(width)} 0Z`, fill);
      if (kind === 1)
        drawn += polygon(
          [
            [x, top],
            [middle, top - width * 1.1],
            [x + width, top],
          ],
          fill,
        );
      if (kind === 2)
        drawn +=
          rectangle(middle - 2, top - 60, 4, 62, fill) + ellipse(middle, top - 30, width * 0.3, 7, fill);
      if (kind === 3)
        drawn +=
          ellipse(middle, top, width * 0.85, 13, fill) + ellipse(middle, top - 11, width * 0.4, 15, fill);
      for (let wy = top + 16; wy < base - 14; wy += 17) {
        for (let wx = x + 8; wx < x + width - 10; wx += 13) {
          if (random.chance(0.32)) drawn += rectangle(wx, wy, 5, 8, `fill="${glow}" opacity="0.85"`);
        }
      }
      x += width + random.between(0, 26);
    }
  }
  return drawn;
}

const city: Ground = (random, palette) =>
  skyline(random, palette, 560, random.between(150, 260)) +
  path(
    `M-10 560C300 ${px(random.between(530, 570))} 800 ${px(random.between(530, 580))} 1210 548V640H-10Z`,
    `fill="${palette.ground[2]}"`,
  );

/** Water that gives back the light. */
const sea: Ground = (random, palette) => {
  const { ground, glow, sky } = palette;
  const at = random.between(300, 900);
  let drawn = rectangle(0, 470, WIDTH, 170, `fill="${ground[1]}"`);
  drawn += rectangle(0, 470, WIDTH, 8, `fill="${sky[2]}" opacity="0.6"`);
  for (let y = 484; y < 640; y += 11) {
    const spread = 60 + (y - 470) * 1.4;
    for (let index = 0; index < 4; index++) {
      const width = random.between(spread * 0.25, spread * 0.9);
      const x = at + random.between(-spread, spread) - width / 2;
      drawn += `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="4" rx="2" fill="${glow}" opacity="${px(random.between(0.2, 0.7))}"/>`;
    }
  }
  return (
    drawn +
    path(
      `M-10 ${px(random.between(560, 600))}Q${px(random.between(200, 500))} 590 ${px(random.between(500, 760))} 640H-10Z`,
      `fill="${ground[2]}"`,
    )
  );
};

/** The plain of a moon. */
const plain: Ground = (random, { ground, glow }) => {
  let drawn = path(`M-10 500Q600 ${px(random.between(420, 480))} 1210 500V640H-10Z`, `fill="${ground[0]}"`);
  drawn += path(
    `M-10 ${px(random.between(520, 560))}Q600 ${px(random.between(500, 560))} 1210 545V640H-10Z`,
    `fill="${ground[1]}"`,
  );
  for (let index = random.whole(7, 14); index > 0; index--) {
    const y = random.between(505, 625);
    const rx = (y - 470) * random.between(0.3, 0.9);
    const x = random.between(0, WIDTH);
    drawn +=
      ellipse(x, y, rx, rx * 0.24, `fill="${ground[2]}"`) +
      ellipse(x, y + rx * 0.05, rx * 0.93, rx * 0.19, `fill="${ground[1]}"`) +
      path(
        `M${px(x - rx)} ${px(y)}a${px(rx)} ${px(rx * 0.24)} 0 0 0 ${px(2 * rx)} 0`,
        `fill="none" stroke="${glow}" stroke-width="2.5" opacity="0.5"`,
      );
  }
  return drawn;
};

export const GROUNDS: readonly Ground[] = [mountains, dunes, city, sea, plain];
