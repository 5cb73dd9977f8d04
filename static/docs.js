/* Sends what is filled in on the pages of the documentation, and shows what comes back. */
(() => {
  const key = document.getElementById('key');
  if (!key) return;
  key.value = sessionStorage.getItem('slipway-key') || '';
  key.addEventListener('input', () => sessionStorage.setItem('slipway-key', key.value));

  const uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  const part = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const pretty = (text) => {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  };

  const send = async (form) => {
    const headers = { Authorization: `Bearer ${key.value.trim()}` };
    const query = new URLSearchParams();
    let path = form.dataset.path;
    let body;
    for (const field of form.querySelectorAll('[data-in]')) {
      const { in: place, name } = field.dataset;
      if (place === 'body') {
        body = field.value;
        headers['Content-Type'] = 'application/json';
      } else if (place === 'path') {
        path = path.replace(`{${name}}`, encodeURIComponent(field.value.trim()));
      } else if (field.value !== '' && place === 'query') {
        query.append(name, field.value);
      } else if (field.value !== '') {
        headers[name] = field.value;
      }
    }
    const address = query.size ? `${path}?${query}` : path;
    return fetch(address, { method: form.dataset.method, headers, body, credentials: 'omit', cache: 'no-store' });
  };

  const show = async (form, answer) => {
    const line = part('p', '');
    line.append(part('b', `${answer.status} ${answer.statusText}`.trim()));
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const rest = part('details', '');
    rest.append(part('summary', 'Headers'), part('pre', headers));
    const parts = [line, rest];
    const text = await answer.text();
    if (text) parts.push(part('pre', pretty(text)));
    form.querySelector('[data-answer]').replaceChildren(...parts);
  };

  document.addEventListener('toggle', (event) => {
    const idempotency = event.target.querySelector?.('[data-name="Idempotency-Key"]');
    if (event.target.open && idempotency && !idempotency.value) idempotency.value = uuid();
  }, true);

  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('[data-try]');
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      await show(form, await send(form));
    } catch {
      form.querySelector('[data-answer]').replaceChildren(part('p', 'The desk could not be reached. Nothing was sent.'));
    }
    button.disabled = false;
  });
})();
