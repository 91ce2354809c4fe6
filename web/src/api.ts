// Calls to the server. The key is kept for this tab only (sessionStorage) and goes out as a bearer token.
import {lang, t} from './i18n';
import type {Problem} from './types';

const STORE = 'jingtu.key';

/** Where the server is: the folder of this page, so that a proxy may put it under a path. */
export const base = new URL('.', document.baseURI).href;

let key = stored();
let keyChanged = false;

function stored(): string {
  try {
    return sessionStorage.getItem(STORE) ?? '';
  } catch {
    // Storage can be barred by the browser's settings; the key then lives as long as the page.
    return '';
  }
}

/** The API key in use, empty for the public. */
export const apiKey = (): string => key;

/** Uses another key from now on; an empty one makes the caller the public again. */
export function setApiKey(next: string): void {
  key = next;
  keyChanged = true;
  try {
    if (next) sessionStorage.setItem(STORE, next);
    else sessionStorage.removeItem(STORE);
  } catch {
    // See stored(): without storage the key lives as long as the page.
  }
}

/** The headers every request carries. */
export function headers(): Record<string, string> {
  const all: Record<string, string> = {'Accept-Language': lang() === 'zh' ? 'zh-CN, zh;q=0.9, en;q=0.5' : 'en, zh;q=0.5'};
  if (key) all['Authorization'] = `Bearer ${key}`;
  return all;
}

/** How a browser may use its cache: once the caller has changed, what an earlier caller saw is asked for again. */
export const cacheMode = (): RequestCache | undefined => (keyChanged ? 'no-cache' : undefined);

/** A refusal or failure, with the problem document of the server when there was one. `status` 0: no answer at all. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super([problem.title, problem.detail].filter(Boolean).join(' '));
  }
}

/** Asks and gives the raw response; anything but 2xx is thrown as an `ApiError`. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const mode = cacheMode();
    response = await fetch(base + path, {
      ...init,
      ...(mode ? {cache: mode} : {}),
      headers: {Accept: 'application/json, application/geo+json;q=0.9', ...headers(), ...(init.headers as Record<string, string> | undefined)},
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, {title: t('err.network'), detail: error instanceof Error ? error.message : String(error)});
  }
  if (response.ok) return response;
  throw new ApiError(response.status, await problemOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  const request_id = response.headers.get('x-request-id') ?? undefined;
  const text = await response.text().catch(() => '');
  try {
    const body: unknown = JSON.parse(text);
    if (body && typeof body === 'object') return {request_id, ...(body as Problem)};
  } catch {
    // Not a problem document (a proxy's page, say): its status and the start of its text are all there is.
  }
  return {title: t('err.http', {status: response.status}), detail: text.slice(0, 300), request_id};
}

/** Asks and reads JSON. */
export async function getJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await send(path, init);
  const text = await response.text();
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new ApiError(response.status, {title: t('err.body'), detail: error instanceof Error ? error.message : String(error)});
  }
}

/** Sends the same body twice as one request: the idempotency key lives as long as it is not known whether the server took it. */
export class Once {
  private sent: {body: string; key: string} | null = null;

  /** Posts JSON and reads the JSON that comes back. */
  async post<T>(path: string, value: unknown, type = 'application/json'): Promise<T> {
    const body = JSON.stringify(value);
    if (this.sent?.body !== body) this.sent = {body, key: uuid()};
    try {
      const answer = await getJson<T>(path, {method: 'POST', body, headers: {'Content-Type': type, 'Idempotency-Key': this.sent.key}});
      this.sent = null;
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status > 0 && error.status < 500)) this.sent = null;
      throw error;
    }
  }
}

/** Files a paper; gives the identifier of the document. */
export async function fileDocument(file: File, kind: string, title: string): Promise<string> {
  const form = new FormData();
  form.set('kind', kind.slice(0, 60));
  form.set('title', title.slice(0, 300));
  form.set('file', file);
  const {id} = await getJson<{id: string}>('v1/documents', {method: 'POST', body: form, headers: {'Idempotency-Key': uuid()}});
  return id;
}

/** Opens or saves what a plain link could not fetch, because a link carries no key. `save` names the file; without it a new tab shows it. */
export async function fetchFile(path: string, save = '', init: RequestInit = {}): Promise<void> {
  // Opened before the answer is awaited: later, a browser takes it for something unasked for.
  const tab = save ? null : window.open('about:blank', '_blank');
  try {
    const response = await send(path, {...init, headers: {Accept: '*/*', ...(init.headers as Record<string, string> | undefined)}});
    const url = URL.createObjectURL(await response.blob());
    if (tab) tab.location.href = url;
    else {
      const link = document.createElement('a');
      link.href = url;
      link.download = save || path.slice(path.lastIndexOf('/') + 1);
      link.click();
    }
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    tab?.close();
    throw error;
  }
}

/** A random UUID; `crypto.randomUUID` itself is missing on plain http outside loopback. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
