/** A creature that rises from the ground: an eye, and arms with suckers. */
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';
import { circle, ellipse, path, px } from './svg.ts';

const STEPS = 26;

export function monster(random: Random, palette: Palette, x: number, y: number): string {
  const { accent, ink, glow, planet, title } = palette;
  const [light, dark] = random.chance(0.5) ? [accent, ink] : [planet[1], ink];
  const arms = random.whole(6, 9);
  let behind = '';
  let before = '';
  for (let index = 0; index < arms; index++) {
    const spread = (index / (arms - 1)) * 2 - 1;
    const drawn = arm(random, { x: x + spread * 110, y: y + 250, lean: spread, light, dark, dots: title });
    if (index % 2 === 0) behind += drawn;
    else before += drawn;
  }
  const [tall, wide] = [random.between(150, 195), random.between(118, 150)];
  const top = y + 60 - tall;
  const skull =
    `M${px(x - wide)} ${px(y + 270)}C${px(x - wide * 0.7)} ${px(y + 110)} ${px(x - wide * 1.15)} ${px(top)} ${px(x)} ${px(top - 40)}` +
    `C${px(x + wide * 1.15)} ${px(top)} ${px(x + wide * 0.7)} ${px(y + 110)} ${px(x + wide)} ${px(y + 270)}Z`;
  const eyes = random.chance(0.6) ? [0] : [-48, 48];
  const size = eyes.length === 1 ? 62 : 38;
  const look = random.between(-0.3, 0.3);
  const face = eyes
    .map((offset) => {
      const [ex, ey] = [x + offset, y + 4];
      return (
        ellipse(ex, ey, size * 1.15, size, `fill="${title}" stroke="${ink}" stroke-width="6"`) +
        circle(ex + look * size, ey, size * 0.6, `fill="${glow}" stroke="${ink}" stroke-width="4"`) +
        ellipse(ex + look * size, ey, size * 0.16, size * 0.52, `fill="${ink}"`) +
        circle(ex + look * size - size * 0.2, ey - size * 0.26, size * 0.12, `fill="#ffffff"`) +
        path(
          `M${px(ex - size * 1.25)} ${px(ey - size * 0.5)}Q${px(ex)} ${px(ey - size * 1.5)} ${px(ex + size * 1.25)} ${px(ey - size * 0.5)}`,
          `fill="none" stroke="${ink}" stroke-width="13" stroke-linecap="round"`,
        )
      );
    })
    .join('');
  let spots = '';
  for (let index = 0; index < 9; index++) {
    spots += ellipse(
      x + random.between(-wide * 0.5, wide * 0.5),
      top + random.between(-5, 60),
      random.between(5, 13),
      random.between(4, 9),
      `fill="${dark}" opacity="0.4"`,
    );
  }
  return behind + path(skull, `fill="${light}" stroke="${ink}" stroke-width="6"`) + spots + face + before;
}

interface Arm {
  readonly x: number;
  readonly y: number;
  /** -1 to the left, 1 to the right. */
  readonly lean: number;
  readonly light: string;
  readonly dark: string;
  readonly dots: string;
}

/** An arm along a curve that curls at its thin end. */
function arm(random: Random, { x, y, lean, light, dark, dots }: Arm): string {
  const length = random.between(330, 460);
  const curl = (lean === 0 ? random.pick([-1, 1]) : Math.sign(lean)) * random.between(2.2, 4.6);
  const width = random.between(26, 36);
  let angle = -Math.PI / 2 + lean * 0.75;
  let [px0, py0] = [x, y];
  const left: string[] = [];
  const right: string[] = [];
  let suckers = '';
  for (let step = 0; step <= STEPS; step++) {
    const done = step / STEPS;
    const half = width * (1 - done) ** 0.8 + 1.5;
    const [nx, ny] = [Math.cos(angle + Math.PI / 2), Math.sin(angle + Math.PI / 2)];
    left.push(`${px(px0 - nx * half)} ${px(py0 - ny * half)}`);
    right.unshift(`${px(px0 + nx * half)} ${px(py0 + ny * half)}`);
    const inner = Math.sign(curl);
    if (step > 3 && step < STEPS - 2 && step % 2 === 0) {
      suckers += circle(
        px0 + nx * half * 0.5 * inner,
        py0 + ny * half * 0.5 * inner,
        half * 0.3,
        `fill="${dots}" opacity="0.85"`,
      );
    }
    px0 += (Math.cos(angle) * length) / STEPS;
    py0 += (Math.sin(angle) * length) / STEPS;
    angle += ((curl * 2) / STEPS) * done ** 1.3;
  }
  return (
    path(
      `M${[...left, ...right].join('L')}Z`,
      `fill="${light}" stroke="${dark}" stroke-width="6" stroke-linejoin="round"`,
    ) + suckers
  );
}
