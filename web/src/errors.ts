// Refusals and failures, shown with all the server said: title, detail, the fields at fault, the article.
import {ApiError} from './api';
import {citations} from './citations';
import {h} from './dom';
import {t} from './i18n';

/** A box that tells what went wrong; `heading` says what was being done. */
export function problemBox(error: unknown, heading: string): HTMLElement {
  if (!(error instanceof ApiError)) {
    return h('div', {class: 'problem', role: 'alert'}, h('strong', {}, heading), h('p', {}, error instanceof Error ? error.message : String(error)));
  }
  const {title, detail, errors, citations: cited, request_id, code} = error.problem;
  return h('div', {class: 'problem', role: 'alert', 'data-testid': 'problem'},
    h('strong', {}, heading),
    h('p', {}, [title ?? t('err.http', {status: error.status}), detail && detail !== title ? h('span', {class: 'detail'}, detail) : null]),
    errors?.length ? h('ul', {}, errors.map((one) => h('li', {}, one.pointer ? h('code', {}, one.pointer) : null, ' ', one.message ?? one.code ?? ''))) : null,
    cited?.length ? citations(cited) : null,
    code || request_id ? h('p', {class: 'muted small'}, [code, request_id ? `${t('err.request')} ${request_id}` : ''].filter(Boolean).join(' · ')) : null,
  );
}
