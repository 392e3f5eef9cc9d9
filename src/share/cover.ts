/**
 * The cover of a story: a picture in the style of a pulp magazine, drawn from its title and its seed. Pure: the
 * same title and seed give the same SVG on every machine, and it needs no font and nothing else from outside.
 */
import { GROUNDS } from './cover/grounds.ts';
import { HEROES } from './cover/heroes.ts';
import { drawable, type Face, fit, outlineOf, widthOf } from './cover/lettering.ts';
import { PALETTES, type Palette } from './cover/palettes.ts';
import { Random } from './cover/random.ts';
import { aurora, planet, rays, sky, stars } from './cover/skies.ts';
import { HEIGHT, path, polygon, px, rectangle, WIDTH } from './cover/svg.ts';

/** The width and height of a cover in px, as chats show them. */
export const COVER_SIZE = { width: WIDTH, height: HEIGHT } as const;

const NAME = 'WRITE ME A SCI-FI';
const UNTITLED = 'UNTITLED';
/** The most characters of a title that are considered; a longer title would not be read. */
const TITLE_MAX = 160;
const MARGIN = 44;

/**
 * Draws the cover of a story.
 *
 * @param title the story's title; what no font here has is left out
 * @param seed the story's seed, a whole number
 * @returns an SVG of 1200 x 630 px, its letters as outlines
 */
export function cover(title: string, seed: number): string {
  const random = new Random(`${seed} ${title}`);
  const palette = random.pick(PALETTES);
  const side = random.chance(0.5) ? 'left' : 'right';
  // The title is on one side, the hero on the other.
  const heroX = side === 'left' ? random.between(830, 960) : random.between(240, 370);
  const titleX = side === 'left' ? MARGIN : WIDTH - MARGIN;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    backdrop(random, palette, heroX) +
    random.pick(GROUNDS)(random, palette) +
    random.pick(HEROES)(random, palette, heroX, random.between(340, 365)) +
    masthead(random, palette) +
    issue(random, palette, side) +
    titleBlock(random, palette, { text: title, x: titleX, side }) +
    print(palette) +
    '</svg>'
  );
}

function backdrop(random: Random, palette: Palette, heroX: number): string {
  const [far, near] = [random.between(60, 130), random.between(150, 260)];
  const light = random.pick([
    () => rays(random, palette, heroX, random.between(300, 460)),
    () => aurora(random, palette),
    () => rays(random, palette, random.between(0, WIDTH), random.between(430, 560)),
    () => '',
  ]);
  const bodies = random.whole(1, 3);
  let drawn = sky(random, palette) + stars(random, palette) + light();
  for (let index = 0; index < bodies; index++) {
    const r = index === 0 ? near : far * random.between(0.4, 1);
    const x = random.between(60, WIDTH - 60);
    const y = random.between(index === 0 ? 240 : 150, 420);
    drawn += planet(random, palette, { id: `planet${index}`, x, y, r, ring: random.chance(0.45) });
  }
  return drawn;
}

interface Ink {
  readonly fill: string;
  readonly ink: string;
  /** A light line between the letters and their outline, for dark letters. */
  readonly inline?: string | undefined;
  /** Of the shadow and of the outline, in px. */
  readonly depth: number;
  readonly stroke: number;
}

/** Letters with an outline and a shadow, which are legible on any picture. */
function lettered(data: string, { fill, ink, inline, depth, stroke }: Ink): string {
  let drawn = '';
  for (let at = depth; at > 0; at--) {
    drawn += path(
      data,
      `fill="${ink}" stroke="${ink}" stroke-width="${stroke}" stroke-linejoin="round" transform="translate(${at} ${at})"`,
    );
  }
  return (
    drawn +
    path(data, `fill="${ink}" stroke="${ink}" stroke-width="${stroke}" stroke-linejoin="round"`) +
    (inline === undefined
      ? ''
      : path(
          data,
          `fill="${inline}" stroke="${inline}" stroke-width="${stroke - 4}" stroke-linejoin="round"`,
        )) +
    path(data, `fill="${fill}"`)
  );
}

/** The magazine's name across the top. */
function masthead(
  random: Random,
  { masthead: colour, isDark, ink, title, accent, sky: [top] }: Palette,
): string {
  const width = WIDTH - 2 * MARGIN;
  const size = 100 * (width / widthOf('slab', NAME, 100));
  const style = random.pick(['plain', 'band', 'raised', 'two inks'] as const);
  const baseline = MARGIN + size * 0.76;
  const band =
    style === 'band'
      ? rectangle(0, 0, WIDTH, baseline + 26, `fill="${top}"`) +
        rectangle(0, baseline + 26, WIDTH, 6, `fill="${accent}"`)
      : '';
  const letters = (text: string, x: number, fill: string) =>
    lettered(outlineOf('slab', text, x, baseline, size), {
      fill,
      ink,
      inline: isDark && fill === colour ? title : undefined,
      depth: style === 'raised' ? 9 : 4,
      stroke: isDark && fill === colour ? 13 : 8,
    });
  if (style !== 'two inks') return band + letters(NAME, MARGIN, colour);
  const cut = NAME.indexOf('SCI');
  return (
    letters(NAME.slice(0, cut), MARGIN, title) +
    letters(NAME.slice(cut), MARGIN + widthOf('slab', NAME.slice(0, cut), size), colour)
  );
}

/** A star with the price, and the number of the issue, in a lower corner below the hero. */
function issue(random: Random, { accent, title, ink, glow }: Palette, side: 'left' | 'right'): string {
  const [x, y] = [side === 'left' ? WIDTH - 92 : 92, HEIGHT - 92];
  const corners = random.whole(12, 18);
  const points = Array.from({ length: corners * 2 }, (_, corner) => {
    const [angle, reach] = [(corner * Math.PI) / corners, corner % 2 === 0 ? 66 : 54];
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)] as const;
  });
  const price = `${random.pick([5, 10, 15, 20, 25, 35])}¢`;
  const number = `NO. ${random.whole(1, 9_999)}`;
  const centred = (face: Face, text: string, at: number, size: number, fill: string) =>
    path(outlineOf(face, text, x - widthOf(face, text, size) / 2, at, size), `fill="${fill}"`);
  return (
    polygon(points, `fill="${accent}" stroke="${ink}" stroke-width="4" stroke-linejoin="round"`) +
    centred('slab', price, y + 6, 38, title) +
    centred('condensed', number, y + 31, 19, glow)
  );
}

const TITLE_LEADING = 1.16;
const BYLINE = 'A STORY BY A NEURAL NETWORK';
const BYLINE_SIZE = 25;

interface TitlePlace {
  readonly text: string;
  /** The left or right end of its lines, in px. */
  readonly x: number;
  readonly side: 'left' | 'right';
}

/** The story's title at the bottom of its side, and the line below it. */
function titleBlock(
  random: Random,
  { title: fill, ink, glow, masthead: colour, isDark }: Palette,
  { text, x, side }: TitlePlace,
): string {
  const shown = [...text.slice(0, 2 * TITLE_MAX)].slice(0, TITLE_MAX).join('').toUpperCase();
  // Oswald has letters that Alfa Slab One lacks.
  const whole = drawable('condensed', shown);
  const face: Face = drawable('slab', shown) === whole && random.chance(0.45) ? 'slab' : 'condensed';
  const words = /[\p{L}\p{N}]/u.test(whole) ? whole : UNTITLED;
  const { lines, size } = fit(face, words, {
    width: 560,
    height: 330,
    largest: face === 'slab' ? 96 : 118,
    smallest: 34,
    leading: TITLE_LEADING,
  });
  const bottom = HEIGHT - MARGIN - BYLINE_SIZE - 22;
  const outlines = lines.map((line, index) => {
    const width = widthOf(face, line, size);
    const y = bottom - (lines.length - 1 - index) * size * TITLE_LEADING;
    return outlineOf(face, line, side === 'left' ? x : x - width, y, size);
  });
  const bylineWidth = widthOf('condensed', BYLINE, BYLINE_SIZE, 2);
  const byline = outlineOf(
    'condensed',
    BYLINE,
    side === 'left' ? x : x - bylineWidth,
    HEIGHT - MARGIN,
    BYLINE_SIZE,
    2,
  );
  return (
    lettered(outlines.join(''), {
      fill: isDark || random.chance(0.6) ? fill : colour,
      ink,
      depth: 5,
      stroke: 12,
    }) + lettered(byline, { fill: glow, ink, depth: 2, stroke: 7 })
  );
}

/** The dots of the print, and the edge of the paper. */
function print({ ink, title }: Palette): string {
  return (
    `<defs><pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(30)">` +
    `<circle cx="3.5" cy="3.5" r="1.3" fill="${ink}"/></pattern></defs>` +
    rectangle(0, 0, WIDTH, HEIGHT, 'fill="url(#dots)" opacity="0.1"') +
    `<rect x="9" y="9" width="${px(WIDTH - 18)}" height="${px(HEIGHT - 18)}" fill="none" stroke="${title}" stroke-width="4"/>` +
    `<rect x="2" y="2" width="${px(WIDTH - 4)}" height="${px(HEIGHT - 4)}" fill="none" stroke="${ink}" stroke-width="8"/>`
  );
}
