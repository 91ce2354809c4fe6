// The parts of the server's answers the page reads. Members may be missing: what a caller may not see is left out.
import type {Feature, Geometry, MultiPolygon, Polygon} from 'geojson';

export interface Me {
  role?: string;
  role_zh?: string;
  role_en?: string;
  division_code?: string | null;
  division_name_zh?: string | null;
  division_name_en?: string | null;
  name?: string | null;
}

export interface Ready {
  demo?: boolean;
  today?: string;
}

export interface Citation {
  instrument?: string;
  instrument_zh?: string;
  instrument_en?: string;
  article?: string | number;
  article_zh?: string;
  article_en?: string;
  effective_from?: string | null;
  effective_to?: string | null;
  url?: string | null;
}

export interface Deadline {
  id?: string;
  rule?: string;
  rule_zh?: string;
  rule_en?: string;
  subject?: {register?: string; id?: string; code?: string; name?: string};
  start_on?: string;
  nominal_due_on?: string;
  due_on?: string;
  status?: string;
  days_overdue?: number;
  provisional?: boolean;
  internal?: boolean;
  occasion?: string;
  confidence?: string;
  closed_on?: string | null;
  cause?: string | null;
  why?: Array<{text_zh?: string; text_en?: string; citations?: Citation[]}>;
  responsible?: unknown;
}

/** A field that a step asks for. */
export interface FieldAsked {
  field: string;
  title_zh?: string;
  title_en?: string;
  required?: boolean;
  cases?: string[];
}

/** A step open to the caller. */
export interface StepAsked {
  type: string;
  title_zh?: string;
  title_en?: string;
  actors?: string[];
  leads_to?: string[];
  cases?: string[];
  form?: FieldAsked[];
  rule?: string;
  citations?: Citation[];
}

/** A kind of notice, of `/v1/notices/catalogue`. */
export interface NoticeKind {
  kind: string;
  title_zh?: string;
  title_en?: string;
  places?: Array<{stages?: string[]; issuers?: string[]; citations?: Citation[]}>;
  needs_reason?: boolean;
  due_on?: 'required' | 'optional' | 'no';
  other_recipient?: boolean;
  clock?: string | null;
  step?: string | null;
}

/** A written notice. */
export interface Notice {
  id: string;
  number?: string;
  kind?: string;
  title_zh?: string;
  title_en?: string;
  status?: string;
  status_zh?: string;
  status_en?: string;
  recipient?: string;
  issued_on?: string;
  due?: {rule?: string | null; due_on?: string | null; text_zh?: string; text_en?: string};
  citations?: Citation[];
  to_check?: Array<{text_zh?: string; text_en?: string}>;
  text_zh?: string;
  summary_en?: string;
  document_id?: string | null;
  served_how?: string | null;
  served_on?: string | null;
  received_on?: string | null;
  void_reason?: string | null;
}

/** Something that has to be public. */
export interface Duty {
  id?: string;
  duty?: string;
  duty_zh?: string;
  duty_en?: string;
  owed_by?: string;
  owed_by_zh?: string;
  owed_by_en?: string;
  status?: string;
  publications?: Array<{channel?: string; url?: string | null; from?: string; to?: string | null; public_until_at_least?: string | null}>;
  citations?: Citation[];
  inside?: {owed_since?: string; due_on?: string; days_overdue?: number; met?: boolean; lacking?: unknown} | null;
}

export interface SiteEvent {
  seq?: number;
  type?: string;
  type_zh?: string;
  type_en?: string;
  occurred_on?: string;
  recorded_at?: string;
  actor?: unknown;
  payload?: Record<string, unknown>;
  voided_by?: number | null;
  hash?: string;
}

export type RecordFeature = Feature<Geometry | null, Record<string, unknown>>;

export type Area = Polygon | MultiPolygon;

export type Verdict = 'allow' | 'allow_recorded' | 'warn' | 'hold' | 'block';

export interface Rule {
  rule?: string;
  verdict?: Verdict;
  title_zh?: string;
  title_en?: string;
  citations?: Citation[];
  confidence?: string;
  facts?: unknown[];
  actor?: unknown;
  must_do_zh?: string | null;
  must_do_en?: string | null;
  by?: string | null;
}

export interface Hit {
  register?: string;
  id?: string;
  code?: string;
  name?: string;
  stage?: string;
  class?: string;
  relation?: string;
  overlap_m2?: number | string | null;
  overlap_share?: number | string | null;
  distance_m?: number | string | null;
  sliver?: boolean;
}

export interface LandCheck {
  id: string;
  number?: string;
  checked_at?: string;
  on?: string;
  operation?: string;
  planned_use?: {system?: string; code?: string} | null;
  parcel?: {area_m2?: number | string; area_mu?: number | string; parcel_code?: string | null};
  verdict: Verdict;
  rules?: Rule[];
  hits?: Hit[];
  coverage?: Array<{register?: string; status?: string; as_of?: string | null}>;
  reply?: {status?: string};
  standing?: {status?: string; since?: string; because?: unknown[]};
  proof?: {payload_sha256?: string; log_index?: number | null} | null;
}

export interface Problem {
  type?: string;
  title?: string;
  detail?: string;
  status?: number;
  code?: string;
  errors?: Array<{pointer?: string; code?: string; message?: string}>;
  rule?: string;
  citations?: Citation[];
  request_id?: string;
}
