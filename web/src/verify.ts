// The page of verification: a reply or a certificate, or what its QR code says, in; what is proved and what is not, out.
// Open to everybody, and shown without the map, so that it needs no WebGL.
import {ApiError, send} from './api';
import {byId, fill, h, loading, rows, section} from './dom';
import {problemBox} from './errors';
import {instant, textOf} from './format';
import {onLang, pick, t, term} from './i18n';
import {askedBy, kindOf} from './proof';

/** One thing that was looked at. */
interface Finding {
  what: string;
  ok: boolean;
  text_zh?: string;
  text_en?: string;
}

/** The server's answer. */
interface Verified {
  valid: boolean;
  findings: Finding[];
  log?: {index?: number | null; included?: boolean | null; checkpoint?: string | null} | null;
  standing?: {status?: string; since?: string; because?: unknown[]} | null;
}

/** Files beyond this are no replies. */
const MOST_BYTES = 64 << 20;

/** The page of verification. */
export class VerifyPage {
  private readonly page = byId('verify');
  private readonly number = h('input', {id: 'verify-number', 'data-testid': 'verify-number', autocomplete: 'off', spellcheck: 'false', maxlength: '60'});
  private readonly digest = h('input', {id: 'verify-digest', 'data-testid': 'verify-digest', autocomplete: 'off', spellcheck: 'false', maxlength: '64', class: 'mono'});
  private readonly file = h('input', {type: 'file', id: 'verify-file', 'data-testid': 'verify-file', accept: '.json,.pdf,application/json,application/pdf', class: 'offscreen'});
  private readonly output = h('div', {'aria-live': 'polite', 'data-testid': 'verify-result', tabindex: '-1'});
  private busy = false;
  private subject = '';
  private answer: Verified | null = null;
  private failure: unknown = null;
  /** The answer to an earlier question is not shown for a later one. */
  private turn = 0;

  constructor() {
    const drop = h('div', {class: 'dropzone', 'data-testid': 'verify-drop'},
      h('p', {i18n: 'verify.drop'}),
      h('button', {type: 'button', i18n: 'verify.choose', onclick: () => this.file.click()}),
      this.file);
    const form = h('form', {class: 'verifyform', novalidate: true, onsubmit: (event: Event) => {
      event.preventDefault();
      this.look();
    }},
      h('div', {class: 'field'}, h('label', {for: this.number.id, i18n: 'verify.number'}), this.number),
      h('div', {class: 'field'}, h('label', {for: this.digest.id, i18n: 'verify.digest'}), this.digest),
      h('button', {type: 'submit', class: 'primary', 'data-testid': 'verify-look', i18n: 'verify.look'}));
    fill(this.page, h('div', {class: 'verifybody'},
      h('p', {}, h('a', {href: '#', 'data-testid': 'verify-close', i18n: 'verify.close'})),
      h('h2', {i18n: 'verify.title'}), h('p', {class: 'muted', i18n: 'verify.intro'}), drop, form, this.output));
    this.file.addEventListener('change', () => {
      const [file] = this.file.files ?? [];
      if (file) void this.take(file);
      this.file.value = '';
    });
    window.addEventListener('hashchange', () => this.follow());
    onLang(() => this.render());
    this.follow();
  }

  /** Whether it is what the window shows. */
  get shown(): boolean {
    return !this.page.hidden;
  }

  /** Verifies a file that was chosen or dropped; its bytes go to the server as they are. */
  async take(file: File): Promise<void> {
    if (file.size > MOST_BYTES) return this.refuse(file.name, t('verify.large'));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const kind = kindOf(bytes);
    if (!kind) return this.refuse(file.name, t('verify.kind'));
    await this.ask(file.name, kind, bytes);
  }

  private follow(): void {
    const asked = askedBy(location.hash);
    this.page.hidden = !asked;
    document.body.classList.toggle('verifying', !!asked);
    if (!asked) return;
    this.number.value = asked.number ?? '';
    this.digest.value = asked.sha256 ?? '';
    this.turn += 1;
    this.busy = false;
    this.answer = null;
    this.failure = null;
    this.render();
    if (asked.number && asked.sha256) this.look();
  }

  private look(): void {
    const number = this.number.value.trim();
    const payload_sha256 = this.digest.value.trim().toLowerCase();
    if (!number || !/^[0-9a-f]{64}$/.test(payload_sha256)) return this.refuse('', t('verify.need'));
    void this.ask(number, 'application/json', JSON.stringify({number, payload_sha256}));
  }

  private refuse(subject: string, why: string): void {
    this.turn += 1;
    this.busy = false;
    this.subject = subject;
    this.answer = null;
    this.failure = new Error(why);
    this.render();
  }

  private async ask(subject: string, type: string, body: BodyInit): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    this.subject = subject;
    this.answer = null;
    this.failure = null;
    this.render();
    try {
      const answer: unknown = await (await send('v1/verify', {method: 'POST', body, headers: {'Content-Type': type}})).json();
      if (turn !== this.turn) return;
      if (!isVerified(answer)) throw new ApiError(200, {title: t('err.body')});
      this.answer = answer;
    } catch (error) {
      if (turn !== this.turn) return;
      this.failure = error;
    }
    this.busy = false;
    this.render();
    this.output.focus({preventScroll: true});
  }

  private render(): void {
    const {answer, failure} = this;
    if (this.busy) return fill(this.output, loading());
    if (failure) return fill(this.output, problemBox(failure, [t('verify.failed'), this.subject].filter(Boolean).join(' · ')));
    if (!answer) return fill(this.output);
    const proved = answer.findings.filter((one) => one.ok);
    const open = answer.findings.filter((one) => !one.ok);
    const list = (findings: Finding[], mark: string, said: string) => h('ul', {class: 'findings'}, findings.map((one) => h('li', {class: one.ok ? 'ok' : 'not', 'data-what': one.what},
      h('b', {'aria-hidden': 'true'}, mark), h('span', {class: 'offscreen'}, said), h('span', {}, pick(one, 'text') || one.what))));
    const {log, standing} = answer;
    fill(this.output,
      h('div', {class: `verdict ${answer.valid ? 'allow' : 'block'}`, 'data-testid': 'verify-verdict', 'data-valid': String(answer.valid)},
        h('strong', {}, t(answer.valid ? 'verify.valid' : 'verify.invalid')), h('span', {class: 'mono'}, this.subject)),
      section(t('verify.proved'), proved.length ? list(proved, '✓', t('verify.ok')) : h('p', {class: 'muted'}, t('none'))),
      section(t('verify.open'), open.length ? list(open, '✗', t('verify.not')) : h('p', {class: 'muted'}, t('none'))),
      rows([
        [t('verify.log'), typeof log?.index === 'number' ? t('result.log', {n: log.index}) + (log.included === true ? ` · ${t('verify.included')}` : log.included === false ? ` · ${t('verify.excluded')}` : '') : ''],
        [t('result.standing'), standing ? [term('standing.', standing.status), instant(standing.since), textOf(standing.because)].filter(Boolean).join(' · ') : t('verify.standing.unknown')],
      ]),
      log?.checkpoint ? h('details', {}, h('summary', {}, t('verify.checkpoint')), h('pre', {class: 'mono small'}, log.checkpoint)) : null);
  }
}

function isVerified(answer: unknown): answer is Verified {
  const some = answer as Partial<Verified> | null;
  return !!some && typeof some.valid === 'boolean' && Array.isArray(some.findings);
}
