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
