/** Reads the headers of a response. */

/** Milliseconds from a `Retry-After` header: seconds or a date. */
export function retryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Checksums of a whole file: `Repr-Digest` (RFC 9530), and the headers of older servers. */
export function checksumsOf(headers: Headers): [algorithm: string, base64: string][] {
  const found: [string, string][] = [];
  const digest = /(?:^|[\s,])sha-256=:([A-Za-z0-9+/=]+):/.exec(headers.get('repr-digest') ?? '')?.[1];
  if (digest) found.push(['sha256', digest]);
  const older = /(?:^|[\s,])sha-256=([A-Za-z0-9+/=]+)/i.exec(headers.get('digest') ?? '')?.[1];
  if (older) found.push(['sha256', older]);
  const md5 = headers.get('content-md5');
  // In a partial response it would be the checksum of the part.
  if (md5 && !headers.has('content-range')) found.push(['md5', md5.trim()]);
  return found;
}

/** Size of the whole file in bytes, if the response states it. */
export function announcedSize({ headers }: Response, from: number): number | undefined {
  if (headers.has('content-encoding') && headers.get('content-encoding') !== 'identity') return undefined;
  const all = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  if (all !== undefined) return Number(all);
  const length = headers.get('content-length');
  return length === null ? undefined : from + Number(length);
}

export function rangeStart(header: string | null): number {
  return Number(/^bytes (\d+)-/.exec(header ?? '')?.[1] ?? -1);
}

/** A weak tag promises the same meaning, not the same bytes. */
export function strong(etag: string | null): string | null {
  return etag?.startsWith('W/') ? null : etag;
}
