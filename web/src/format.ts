// How numbers, days and the loosely shaped parts of answers are shown.
import {lang, pick, t, term} from './i18n';

/** Square metres, with mu beside them as planners and farmers read them (1 mu = 10000/15 m²). */
export function area(m2: unknown, mu?: unknown): string {
  const metres = Number(m2);
  if (m2 === null || m2 === undefined || m2 === '' || !Number.isFinite(metres)) return '';
  const stated = Number(mu);
  const inMu = mu !== null && mu !== undefined && Number.isFinite(stated) ? stated : (metres * 15) / 10000;
  const mus = number(inMu, inMu < 100 ? 2 : 1);
  return `${number(metres, metres < 100 ? 2 : 0)} m²${inBrackets(lang() === 'zh' ? `${mus} 亩` : `${mus} mu`)}`;
}

/** The text in the brackets of the language. */
export function inBrackets(text: string): string {
  return lang() === 'zh' ? `（${text}）` : ` (${text})`;
}

/** A number with grouping and at most `digits` decimals. */
export function number(value: number, digits: number): string {
  return value.toLocaleString('en-US', {maximumFractionDigits: digits});
}

/** A share of one as a percentage; small ones keep two significant digits, so that none reads as zero. */
export function share(value: unknown): string {
  const part = Number(value);
  if (value === null || value === undefined || !Number.isFinite(part)) return '';
  const percent = part * 100;
  if (percent > 0 && percent < 0.1) return `${percent.toPrecision(2)} %`;
  return `${number(percent, 1)} %`;
}

/** An instant as the civil time of China, `YYYY-MM-DD HH:MM`. */
export function instant(value: unknown): string {
  if (typeof value !== 'string') return '';
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return value;
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  });
  return parts.format(at);
}

/** A readable text for a member that may be a string, a list, or an object with texts in two languages. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return t(value ? 'yes' : 'no');
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(lang() === 'zh' ? '；' : '; ');
  const object = value as Record<string, unknown>;
  for (const name of ['text', 'title', 'name', 'label', 'message', 'reason', 'detail', 'description']) {
    const found = pick(object, name);
    if (found) return found;
  }
  return Object.entries(object)
    .filter(([, inner]) => inner !== null && inner !== undefined)
    .map(([name, inner]) => `${name}: ${textOf(inner)}`)
    .join(lang() === 'zh' ? '，' : ', ');
}

/** The name of a role or other actor, whether it came as a code, as texts, or as an object. */
export function actor(holder: object | null | undefined, name: string): string {
  if (!holder) return '';
  const members = holder as Record<string, unknown>;
  const said = members[`${name}_${lang()}`];
  if (typeof said === 'string' && said) return said;
  const value = members[name];
  if (typeof value === 'string') return term('role.', value);
  if (value && typeof value === 'object') {
    const object = value as Record<string, unknown>;
    return [pick(object, 'name'), pick(object, 'role') && term('role.', pick(object, 'role'))].filter(Boolean).join(' · ') || textOf(value);
  }
  return pick(members, name);
}

/** The name of a register or collection, in whichever spelling it came. */
export function register(name: unknown): string {
  return typeof name === 'string' ? term('register.', name.replaceAll('_', '-')) : '';
}
