/** A robot, as tall as a tower. */
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';
import { circle, ellipse, path, placed, polygon, px, rectangle } from './svg.ts';

const OUTLINE = 'stroke-width="5" stroke-linejoin="round"';

export function robot(random: Random, palette: Palette, x: number, y: number): string {
  const { accent, ink, glow, metal } = palette;
  const [lit, shade] = metal;
  const edge = `stroke="${ink}" ${OUTLINE}`;
  const steel = `fill="url(#steel)" ${edge}`;
  const gradient =
    `<defs><linearGradient id="steel"><stop offset="0" stop-color="${shade}"/><stop offset="0.35" stop-color="${lit}"/>` +
    `<stop offset="1" stop-color="${shade}"/></linearGradient></defs>`;
  const arm = (side: 1 | -1) => {
    const up = random.chance(0.5);
    const [ex, ey] = [
      side * random.between(150, 175),
      up ? random.between(-90, -40) : random.between(30, 70),
    ];
    const [hx, hy] = [
      side * random.between(150, 200),
      up ? -random.between(190, 230) : random.between(140, 180),
    ];
    const limb = `M${px(side * 92)} -70L${px(ex)} ${px(ey)}L${px(hx)} ${px(hy)}`;
    const claw = up ? -1 : 1;
    return (
      path(
        limb,
        `fill="none" stroke="${ink}" stroke-width="42" stroke-linejoin="round" stroke-linecap="round"`,
      ) +
      path(
        limb,
        `fill="none" stroke="${lit}" stroke-width="31" stroke-linejoin="round" stroke-linecap="round"`,
      ) +
      path(limb, `fill="none" stroke="${shade}" stroke-width="31" stroke-dasharray="3 13" opacity="0.8"`) +
      circle(ex, ey, 25, `fill="${accent}" ${edge}`) +
      path(
        `M${px(hx - 28)} ${px(hy)}v${px(claw * 30)}q0 ${px(claw * 26)} 20 ${px(claw * 30)}l-4 ${px(claw * -30)}h24l-4 ${px(claw * 30)}q20 ${px(claw * -4)} 20 ${px(claw * -30)}v${px(claw * -30)}Z`,
        `fill="${accent}" ${edge}`,
      )
    );
  };
  const leg = (side: 1 | -1) =>
    rectangle(side * 46 - 27, 110, 54, 110, steel) +
    circle(side * 46, 165, 21, `fill="${accent}" ${edge}`) +
    path(`M${px(side * 46 - 46)} 250v-22q0 -22 46 -22t46 22v22Z`, steel);
  const waist = random.between(60, 84);
  const torso = polygon(
    [
      [-102, -110],
      [102, -110],
      [waist, 116],
      [-waist, 116],
    ],
    steel,
  );
  const panel = random.chance(0.5)
    ? `<rect x="-52" y="-70" width="104" height="76" rx="8" fill="${ink}"/>` +
      [accent, glow, accent, glow, lit, accent]
        .map((colour, index) =>
          circle(-30 + (index % 3) * 30, -48 + Math.floor(index / 3) * 32, 10, `fill="${colour}"`),
        )
        .join('')
    : circle(0, -32, 50, `fill="${accent}" ${edge}`) +
      circle(0, -32, 32, `fill="${glow}"`) +
      path('M-22 -32h12l8 -18l10 34l8 -16h8', `fill="none" stroke="${ink}" stroke-width="4"`);
  const vents = [40, 58, 76].map((at) => rectangle(-34, at, 68, 8, `fill="${ink}" opacity="0.75"`)).join('');
  return placed(
    gradient + leg(-1) + leg(1) + arm(-1) + arm(1) + torso + panel + vents + head(random, palette),
    x,
    y + 22,
    random.between(0.8, 0.88),
    random.between(-4, 4),
  );
}

function head(random: Random, { accent, ink, glow, title }: Palette): string {
  const edge = `stroke="${ink}" ${OUTLINE}`;
  const neck = rectangle(-26, -136, 52, 30, `fill="${ink}"`);
  const shapes = [
    path('M-66 -132V-182C-66 -250 66 -250 66 -182V-132Z', `fill="url(#steel)" ${edge}`),
    `<rect x="-70" y="-230" width="140" height="98" rx="14" fill="url(#steel)" ${edge}/>`,
    path('M-58 -132L-76 -214Q0 -256 76 -214L58 -132Z', `fill="url(#steel)" ${edge}`),
  ];
  const eyes = [
    [-30, 30]
      .map((ex) => circle(ex, -186, 20, `fill="${glow}" ${edge}`) + circle(ex, -186, 8, `fill="${accent}"`))
      .join(''),
    `<rect x="-50" y="-204" width="100" height="28" rx="14" fill="${ink}"/>` +
      ellipse(random.between(-22, 22), -190, 20, 9, `fill="${accent}"`),
    circle(0, -188, 32, `fill="${ink}"`) +
      circle(0, -188, 21, `fill="${accent}"`) +
      circle(-7, -195, 7, `fill="${title}"`),
  ];
  const mouth = path('M-32 -152h64', `stroke="${ink}" stroke-width="13" stroke-dasharray="7 5"`);
  const antenna =
    path(`M0 -232V-274`, `stroke="${ink}" stroke-width="6"`) +
    circle(0, -278, 10, `fill="${accent}" ${edge}`);
  const ears = [-1, 1]
    .map((side) => rectangle(side * 76 - 9, -206, 18, 44, `fill="${accent}" ${edge}`))
    .join('');
  return neck + antenna + ears + random.pick(shapes) + random.pick(eyes) + mouth;
}
