// What the page of verification is given: the address of a QR code, or a file.

/** What is looked up: the number of a reply and the digest of what was signed. */
export interface Asked {
  number: string;
  sha256: string;
}

/** What the address after `#` asks for: `null` where it is not this page. */
export function askedBy(hash: string): Partial<Asked> | null {
  const [path, query = ''] = hash.replace(/^#/, '').split('?', 2);
  if (path !== '/verify') return null;
  const asked = new URLSearchParams(query);
  const sha256 = (asked.get('sha256') ?? '').trim().toLowerCase();
  const number = (asked.get('number') ?? '').trim();
  return {...(number ? {number} : {}), ...(/^[0-9a-f]{64}$/.test(sha256) ? {sha256} : {})};
}

/** What kind of file this is, by its first bytes; `null` for what is neither. */
export function kindOf(start: Uint8Array): 'application/pdf' | 'application/json' | null {
  const text = new TextDecoder('latin1').decode(start.slice(0, 1024));
  if (text.includes('%PDF-')) return 'application/pdf';
  return /^(\u00ef\u00bb\u00bf)?\s*\{/.test(text) ? 'application/json' : null;
}
