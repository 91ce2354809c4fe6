// What a check says: a line each, `status TAB client TAB version TAB what TAB reason`, read by run.py.
import {readFileSync} from 'node:fs';

export const {BASE, ARTEFACTS} = process.env;
export const keys = JSON.parse(process.env.KEYS ?? '{}');

export const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

/** Tells under the name of a client how each check went. */
export class Client {
  constructor(name, version) {
    Object.assign(this, {name, version});
  }

  say(status, what, reason = '') {
    console.log([status, this.name, this.version, what, String(reason).replace(/\s+/g, ' ').slice(0, 400)].join('\t'));
  }

  async check(what, act) {
    try {
      this.say('ok', what, (await act()) ?? '');
    } catch (error) {
      console.error(error);
      this.say('FAILED', what, error?.message ?? error);
    }
  }
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** JSON of an address, as a role sees it; the public without one. */
export async function get(address, role, accept = 'application/json') {
  const headers = {accept, 'accept-language': 'en', ...(role ? {authorization: `Bearer ${keys[role]}`} : {})};
  const answer = await fetch(address.startsWith('http') ? address : BASE + address, {headers});
  assert(answer.ok, `${answer.status} of ${address}`);
  return answer.json();
}

/** Every feature of a collection, page by page. */
export async function everything(collection, role, limit = 1000) {
  const features = [];
  for (let next = `/collections/${collection}/items?limit=${limit}`; next; ) {
    const page = await get(next, role, 'application/geo+json');
    features.push(...page.features);
    next = page.links.find((link) => link.rel === 'next')?.href;
  }
  return features;
}

/** In the order of their codes, which are the same at every start, as ids are not. */
export function inOrder(features) {
  const code = ({properties}) => properties.code ?? properties.number;
  return features.toSorted((a, b) => (code(a) < code(b) ? -1 : 1));
}
