/**
 * A shared story as an HTML page: readable without script, printable, without a request to anything but its cover.
 * Pure. The address of everything on it is relative, except for what chats read.
 */
import { type ModelChoice, presetOf } from '../story/story.ts';
import { storyTitle } from '../story/title.ts';
import { footerLine } from '../story/wording.ts';
import { COVER_SIZE } from './cover.ts';
import { descriptionOf, promptRanges, type Share, wholeText } from './share.ts';
import { SHARE_STYLE } from './style.ts';

const SITE = 'Write Me A Sci-Fi';

export interface PageFacts {
  readonly id: string;
  /** The address of the page of stories, with a slash at its end, such as `https://example.org/`. */
  readonly base: string;
  readonly models: readonly ModelChoice[];
}

/** The HTML of a share's page. */
export function sharePage(share: Share, { id, base, models }: PageFacts): string {
  const text = wholeText(share);
  const title = storyTitle(text);
  const address = `${base}s/${id}`;
  const cover = `${address}/cover.png`;
  const description = descriptionOf(text);
  const alt = `The cover of a pulp magazine: ${title}`;
  const properties: [string, string][] = [
    ['og:type', 'article'],
    ['og:site_name', SITE],
    ['og:title', title],
    ['og:description', description],
    ['og:url', address],
    ['og:image', cover],
    ['og:image:type', 'image/png'],
    ['og:image:width', String(COVER_SIZE.width)],
    ['og:image:height', String(COVER_SIZE.height)],
    ['og:image:alt', alt],
    ['og:locale', 'en'],
  ];
  const names: [string, string][] = [
    ['description', description],
    ['twitter:card', 'summary_large_image'],
    ['twitter:title', title],
    ['twitter:description', description],
    ['twitter:image', cover],
    ['twitter:image:alt', alt],
    ...(share.isListed ? [] : [['robots', 'noindex, nofollow'] as [string, string]]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escaped(title)} · ${SITE}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${names.map(([name, content]) => `<meta name="${name}" content="${escaped(content)}">`).join('\n')}
${properties.map(([name, content]) => `<meta property="${name}" content="${escaped(content)}">`).join('\n')}
${share.isListed ? `<link rel="canonical" href="${escaped(address)}">\n` : ''}<link rel="icon" href="../icon.svg" type="image/svg+xml">
<style>${SHARE_STYLE}</style>
</head>
<body>
<header class="top"><a href="../">${SITE}</a></header>
<main>
<img src="${id}/cover.png" width="${COVER_SIZE.width}" height="${COVER_SIZE.height}" alt="${escaped(alt)}">
<h1>${escaped(title)}</h1>
<p class="by">${byline(share)}</p>
<article>
${paragraphs(share).join('\n')}
</article>
<p class="own"><a href="../#ending=${id}">Write your own ending</a></p>
</main>
${facts(share, models)}
</body>
</html>
`;
}

/** The page of an address without a share. */
export function missingPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>No story here · ${SITE}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<style>${SHARE_STYLE}</style>
</head>
<body>
<header class="top"><a href="../">${SITE}</a></header>
<main>
<h1>No story here</h1>
<p>It was deleted, or this address was never one of a story.</p>
</main>
</body>
</html>
`;
}

function byline(share: Share): string {
  const day = new Date(share.sharedAt).toISOString().slice(0, 10);
  const shared = `Shared on <time datetime="${day}">${day}</time>.`;
  if (promptRanges(share).length === 0) return `Written by a neural network. ${shared}`;
  return `Written by a neural network; the <mark>marked words</mark> are a person’s. ${shared}`;
}

/** The story's paragraphs, users' own words marked. */
function paragraphs(share: Share): string[] {
  const text = wholeText(share);
  const ranges = promptRanges(share);
  let at = 0;
  return text.split('\n').flatMap((line) => {
    const [from, to] = [at, at + line.length];
    at = to + 1;
    if (line.trim() === '') return [];
    let html = '';
    let done = from;
    for (const [start, end] of ranges) {
      const [first, last] = [Math.max(start, from), Math.min(end, to)];
      if (first >= last) continue;
      html += `${escaped(text.slice(done, first))}<mark>${escaped(text.slice(first, last))}</mark>`;
      done = last;
    }
    return [`<p dir="auto">${html}${escaped(text.slice(done, to))}</p>`];
  });
}

/** How the story was made: what is needed to have it written again. */
function facts({ parts }: Share, models: readonly ModelChoice[]): string {
  const lines = parts.map((part) => {
    const { settings, ending } = part;
    const stopped = ending === 'stopped' ? ' · stopped by a user' : '';
    const line = footerLine({ ...settings, preset: presetOf(settings) }, part, models);
    return `${escaped(line)} · at most ${settings.length.toLocaleString('en')} characters${stopped}`;
  });
  const list =
    lines.length === 1
      ? `<p>${lines[0]}</p>`
      : `<ol>${lines.map((line) => `<li>${line}</li>`).join('')}</ol>`;
  return `<footer class="facts">${list}</footer>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
