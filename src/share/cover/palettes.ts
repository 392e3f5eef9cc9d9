/** The colours of covers: four or five inks, as a magazine was printed in. */

export interface Palette {
  /** The sky from top to horizon. */
  readonly sky: readonly [string, string, string];
  /** Sun, rays and flames. */
  readonly glow: string;
  readonly accent: string;
  /** The darkest ink: outlines and silhouettes. */
  readonly ink: string;
  /** A planet's lit and shaded side. */
  readonly planet: readonly [string, string];
  /** Hills from far to near. */
  readonly ground: readonly [string, string, string];
  readonly masthead: string;
  /** Whether the masthead is darker than its surroundings. */
  readonly isDark?: boolean;
  readonly title: string;
  /** A hero's lit and shaded metal. */
  readonly metal: readonly [string, string];
}

export const PALETTES: readonly Palette[] = [
  {
    sky: ['#2a0f52', '#c2385f', '#ffb347'],
    glow: '#ffe08a',
    accent: '#e8302a',
    ink: '#1a0a2b',
    planet: ['#ffd9a0', '#a03a5c'],
    ground: ['#7d2a57', '#4a1a48', '#220c30'],
    masthead: '#ffd84d',
    title: '#fff4d6',
    metal: ['#f6e7d0', '#6d4a7a'],
  },
  {
    sky: ['#02222d', '#0a6470', '#8fd6b4'],
    glow: '#fff1a8',
    accent: '#ff5a1f',
    ink: '#031a22',
    planet: ['#ffb070', '#8c2f1b'],
    ground: ['#0f6a68', '#0a4450', '#042630'],
    masthead: '#ff6a2b',
    isDark: true,
    title: '#fff8df',
    metal: ['#f2f0dc', '#3f6f78'],
  },
  {
    sky: ['#3a0409', '#b3121f', '#ff9a2e'],
    glow: '#ffe27a',
    accent: '#1f8a8c',
    ink: '#240206',
    planet: ['#ffe0a3', '#c1461f'],
    ground: ['#8f1a1c', '#5c0c14', '#2b0509'],
    masthead: '#ffe9a8',
    title: '#fff6dc',
    metal: ['#ffe9c7', '#7b2d26'],
  },
  {
    sky: ['#04104f', '#0c62b0', '#8fdcf0'],
    glow: '#fff4b0',
    accent: '#ee2b37',
    ink: '#050a35',
    planet: ['#ffd166', '#c4472f'],
    ground: ['#0e5a96', '#0a3a73', '#071f47'],
    masthead: '#ffd60a',
    title: '#ffffff',
    metal: ['#f4f7fb', '#4a6a9a'],
  },
  {
    sky: ['#11280f', '#4d7a2a', '#e4ee92'],
    glow: '#fbffc9',
    accent: '#c22a25',
    ink: '#0c1d0b',
    planet: ['#f7c873', '#93482a'],
    ground: ['#3f6b2a', '#274a1d', '#142a10'],
    masthead: '#f2f59a',
    title: '#fffde6',
    metal: ['#f3f4d8', '#56713f'],
  },
  {
    sky: ['#12012e', '#6a1fa8', '#ff8fb3'],
    glow: '#ffd6e5',
    accent: '#22c7c9',
    ink: '#12022a',
    planet: ['#8ef0e4', '#1f5f96'],
    ground: ['#6a2590', '#42146a', '#1f0838'],
    masthead: '#5ff2e4',
    title: '#fff0f7',
    metal: ['#f7e9fb', '#67439a'],
  },
  {
    sky: ['#c9601a', '#f2a62b', '#ffe9b0'],
    glow: '#fff7d8',
    accent: '#b3161d',
    ink: '#3a1a0a',
    planet: ['#e85a35', '#7d1c1f'],
    ground: ['#b8642a', '#84401f', '#4a2212'],
    masthead: '#b3161d',
    isDark: true,
    title: '#fff8e3',
    metal: ['#fff5df', '#8c5a3a'],
  },
  {
    sky: ['#01040f', '#0a1f4a', '#3f6ea6'],
    glow: '#e6f2ff',
    accent: '#ff8a1f',
    ink: '#01030c',
    planet: ['#f0e6cf', '#5a6274'],
    ground: ['#4c5a76', '#2b3550', '#11182a'],
    masthead: '#ff4b3e',
    isDark: true,
    title: '#f8fbff',
    metal: ['#eef3fa', '#4c5d7c'],
  },
  {
    sky: ['#056a75', '#5fbdb2', '#ffe0cc'],
    glow: '#fff3e0',
    accent: '#d8281f',
    ink: '#06333a',
    planet: ['#ff9d6e', '#b5394a'],
    ground: ['#3f9c96', '#1f6a70', '#0a3f48'],
    masthead: '#d8281f',
    isDark: true,
    title: '#fffaf0',
    metal: ['#fff9ee', '#4f8488'],
  },
  {
    sky: ['#1b1035', '#35448f', '#f7d774'],
    glow: '#fff0a8',
    accent: '#f0447a',
    ink: '#140b28',
    planet: ['#f58fb0', '#7a2a7d'],
    ground: ['#3d4a8a', '#29306a', '#15163c'],
    masthead: '#f7d774',
    title: '#fffbe8',
    metal: ['#f7f2e4', '#5a5b96'],
  },
];
