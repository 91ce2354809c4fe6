// The steps of a site as forms: one table says how each field of an event is asked for; what a step asks, what is needed
// and what it is called comes from the server with the step. Nothing here touches the document.
import type {Citation, FieldAsked, NoticeKind, Problem, StepAsked} from './types';

/** How a field is asked for. */
export type Widget =
  | {kind: 'day'}
  | {kind: 'text'; suggest?: readonly string[]}
  | {kind: 'long'}
  | {kind: 'url'}
  | {kind: 'number'; min: number; max?: number; whole: boolean}
  | {kind: 'yesno'}
  | {kind: 'select'; prefix: string; of: readonly string[]}
  | {kind: 'flags'; prefix: string; of: readonly string[]}
  /** One of the step's cases. */
  | {kind: 'case'; prefix: string}
  | {kind: 'party'}
  | {kind: 'file'}
  | {kind: 'area'}
  /** One of the clocks that run over the site. */
  | {kind: 'clock'}
  /** One of the duties to publish that the site is under. */
  | {kind: 'duty'};

/** The usual ways of service, as offices name them; others may be typed. */
export const SERVICE_WAYS = ['直接送达', '留置送达', '委托送达', '邮寄送达', '公告送达', '电子送达'] as const;

/** The usual places of publication. */
const CHANNELS = ['生态环境局门户网站', '政府门户网站', '单位网站', '公告栏', '报纸', '当地广播电视'] as const;

const DAY = {kind: 'day'} as const;
const TEXT = {kind: 'text'} as const;
const LONG = {kind: 'long'} as const;

/** How every field of an event is asked for. A field that is not here is asked for as a line of text. */
export const WIDGETS: Readonly<Record<string, Widget>> = {
  occurred_on: DAY,
  received_on: DAY,
  issued_on: DAY,
  due_on: DAY,
  transport_on: DAY,
  origin_told_on: DAY,
  destination_told_on: DAY,
  until: DAY,
  from: DAY,
  to: DAY,
  served_how: {kind: 'text', suggest: SERVICE_WAYS},
  channel: {kind: 'text', suggest: CHANNELS},
  transport_mode: {kind: 'text', suggest: ['公路', '铁路', '水路']},
  approved_by: TEXT,
  document_number: TEXT,
  destination: TEXT,
  destination_division: TEXT,
  url: {kind: 'url'},
  reason: LONG,
  groundwater: LONG,
  route: LONG,
  final_disposal: LONG,
  measures: LONG,
  controls: LONG,
  note: LONG,
  conclusion: {kind: 'case', prefix: 'case.'},
  mode: {kind: 'case', prefix: 'case.'},
  risk_grade: {kind: 'select', prefix: 'grade.', of: ['high', 'medium', 'low']},
  assessed_class: {kind: 'select', prefix: 'assessed.', of: ['class_1', 'class_2']},
  status: {kind: 'select', prefix: 'course.', of: ['ongoing', 'ended']},
  ground: {kind: 'select', prefix: 'ground.', of: ['successor', 'transferee', 'agreement', 'polluter_unknown', 'government']},
  media: {kind: 'flags', prefix: 'medium.', of: ['soil', 'surface_water', 'groundwater', 'air']},
  exceeded: {kind: 'yesno'},
  plan_year: {kind: 'number', min: 2000, max: 2100, whole: true},
  report_every_months: {kind: 'number', min: 1, max: 60, whole: true},
  quantity_t: {kind: 'number', min: 0, whole: false},
  contractor: {kind: 'party'},
  evaluator: {kind: 'party'},
  party: {kind: 'party'},
  document_id: {kind: 'file'},
  geometry: {kind: 'area'},
  deadline_rule: {kind: 'clock'},
  subject: {kind: 'duty'},
};

/** Steps that are no part of the way a site goes: shown apart from those that are. */
const ASIDE = new Set([
  'spread_reported', 'emergency_reported', 'stop_work_ordered', 'liable_party_changed',
  'deadline_extended', 'deadline_suspended', 'deadline_resumed', 'deadline_cancelled', 'entered_in_error',
]);

/** Whether a step leads a site on its way, or stands beside it. */
export const isAside = (type: string): boolean => ASIDE.has(type);

/** A party as typed. */
export interface PartyTyped {
  name?: string;
  credit_code?: string;
}

/** What was entered, by field; what a file or an outline is entered as is the form's business. */
export type Entered = Record<string, unknown>;

/** The case chosen among a step's conclusions or modes; empty while none is. */
export function chosenCase(step: StepAsked, entered: Entered): string {
  const field = (step.form ?? []).find(({field}) => WIDGETS[field]?.kind === 'case')?.field;
  const value = field ? entered[field] : '';
  return typeof value === 'string' ? value : '';
}

/** The fields that a step asks for with the case chosen, those needed first as they come; a field of other cases is left out. */
export function fieldsAsked(step: StepAsked, entered: Entered): Array<FieldAsked & {needed: boolean}> {
  const chosen = chosenCase(step, entered);
  return (step.form ?? [])
    .filter(({cases}) => !cases?.length || cases.includes(chosen))
    // Which of several clocks of a rule is meant is chosen together with the rule.
    .filter(({field}) => field !== 'occasion')
    .map((one) => ({...one, needed: one.required === true}));
}

const blank = (value: unknown): boolean => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The value of a field as the server reads it, or undefined where nothing was entered. */
export function wireValue(field: string, value: unknown): unknown {
  if (blank(value)) return undefined;
  const widget = WIDGETS[field] ?? TEXT;
  switch (widget.kind) {
    case 'number': {
      const typed = String(value).trim();
      const number = Number(typed);
      // What is no number is sent as it is, so that the server says what is wrong with it.
      return typed !== '' && Number.isFinite(number) ? number : typed;
    }
    case 'yesno': return value === 'true' || value === true ? true : value === 'false' || value === false ? false : undefined;
    case 'party': {
      const {name = '', credit_code = ''} = value as PartyTyped;
      if (!name.trim() && !credit_code.trim()) return undefined;
      return {name: name.trim(), ...(credit_code.trim() ? {credit_code: credit_code.trim().toUpperCase()} : {})};
    }
    case 'flags': case 'area': return value;
    default: {
      const typed = String(value).trim();
      return typed === '' ? undefined : typed;
    }
  }
}

/** A clock among several of a site: the rule, and the occasion where a rule has more than one. */
export const clockKey = (rule: string, occasion: string): string => (occasion ? `${rule}|${occasion}` : rule);

/** The event of a step as entered. A file must have become the identifier of its document before. */
export function eventOf(step: StepAsked, entered: Entered): Record<string, unknown> {
  const event: Record<string, unknown> = {type: step.type};
  const day = wireValue('occurred_on', entered['occurred_on']);
  if (day !== undefined) event['occurred_on'] = day;
  for (const {field} of fieldsAsked(step, entered)) {
    const value = wireValue(field, entered[field]);
    if (value === undefined) continue;
    if (field === 'deadline_rule') {
      const [rule = '', occasion = ''] = String(value).split('|');
      event['deadline_rule'] = rule;
      if (occasion) event['occasion'] = occasion;
    } else {
      event[field] = value;
    }
  }
  return event;
}

/** A refusal's faults by the field that shows them: `/party/credit_code` is the party's. What fits no field stays in `rest`. */
export function faultsByField(problem: Problem, fields: readonly string[]): {at: Map<string, string[]>; rest: NonNullable<Problem['errors']>} {
  const at = new Map<string, string[]>();
  const rest: NonNullable<Problem['errors']> = [];
  for (const fault of problem.errors ?? []) {
    const [, first = ''] = (fault.pointer ?? '').split('/');
    const name = first === 'occasion' ? 'deadline_rule' : first;
    if (fields.includes(name)) at.set(name, [...(at.get(name) ?? []), fault.message ?? fault.code ?? '']);
    else rest.push(fault);
  }
  return {at, rest};
}

/** The kinds that a role may issue at a stage, each with the articles of its place there. */
export function kindsAt(kinds: NoticeKind[], stage: string, role: string): Array<NoticeKind & {citations: Citation[]}> {
  return kinds.flatMap((kind) => {
    const place = kind.places?.find(({stages, issuers}) => stages?.includes(stage) && issuers?.includes(role));
    return place ? [{...kind, citations: place.citations ?? []}] : [];
  });
}
