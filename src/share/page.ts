/**
 * A shared story as an HTML page: readable without script, printable, without a request to anything but its cover.
 * Pure. The address of everything on it is relative, except for what chats read.
 */
import { escapeMarkup, paragraphsOf } from '../story/paragraphs.ts';
import { type ModelChoice, presetOf } from '../story/story.ts';
import { storyTitle } from '../story/title.ts';
import { footerLine } from '../story/wording.ts';
import { COVER_SIZE } from './cover.ts';
import { descriptionOf, type Share, segmentsOf, wholeText } from './share.ts';
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
<title>${escapeMarkup(title)} · ${SITE}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${names.map(([name, content]) => `<meta name="${name}" content="${escapeMarkup(content)}">`).join('\n')}
${properties.map(([name, content]) => `<meta property="${name}" content="${escapeMarkup(content)}">`).join('\n')}
${share.isListed ? `<link rel="canonical" href="${escapeMarkup(address)}">\n` : ''}<link rel="icon" href="../icon.svg" type="image/svg+xml">
<style>${SHARE_STYLE}</style>
</head>
<body>
<header class="top"><a href="../">${SITE}</a></header>
<main>
<img src="${id}/cover.png" width="${COVER_SIZE.width}" height="${COVER_SIZE.height}" alt="${escapeMarkup(alt)}">
<h1>${escapeMarkup(title)}</h1>
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
  if (share.parts.every(({ promptLength }) => promptLength === 0))
    return `Written by a neural network. ${shared}`;
  return `Written by a neural network; the <mark>marked words</mark> are a person’s. ${shared}`;
}

/** The story's paragraphs, users' own words marked. */
function paragraphs(share: Share): string[] {
  return paragraphsOf(segmentsOf(share)).map((segments) => {
    const html = segments.map(({ kind, text }) => {
      return kind === 'prompt' ? `<mark>${escapeMarkup(text)}</mark>` : escapeMarkup(text);
    });
    return `<p dir="auto">${html.join('')}</p>`;
  });
}

/** How the story was made: what is needed to have it written again. */
function facts({ parts }: Share, models: readonly ModelChoice[]): string {
  const lines = parts.map((part) => {
    const { settings, ending } = part;
    const stopped = ending === 'stopped' ? ' · stopped by a user' : '';
    const line = footerLine({ ...settings, preset: presetOf(settings) }, part, models);
    return `${escapeMarkup(line)} · at most ${settings.length.toLocaleString('en')} characters${stopped}`;
  });
  const list =
    lines.length === 1
      ? `<p>${lines[0]}</p>`
      : `<ol>${lines.map((line) => `<li>${line}</li>`).join('')}</ol>`;
  return `<footer class="facts">${list}</footer>`;
}
