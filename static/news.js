/* Tells an open page what others do, by the stream at body[data-news]. Without it every page works as it is.
   One tab of the browser listens and passes on what it hears. Nothing moves by itself: rows of #orders change
   in place, #newpill counts orders that came in, template#about says who changed the order on screen. A toast comes
   above those that are there, so that nothing is pushed away from under a finger, and a second mention joins the first. */
(() => {
  const d = document, address = d.body.dataset.news;
  if (!address || !window.EventSource) return;
  const KEY = 'slipway.news';
  const $ = (s, e = d) => e.querySelector(s), $$ = (s, e = d) => [...e.querySelectorAll(s)];

  const tells = way => (d.body.dataset.tell || '').split(' ').includes(way);

  /* the list */
  const fresh = new Set(), changed = new Set(), title = d.title;
  let about = '', calls = 0, pressed = false, timer, due = 0, last = 0, stale = false;
  const row = n => $('#orders .ck[value="' + n + '"]')?.closest('tr');
  const count = () => {
    const p = $('#newpill'), n = fresh.size;
    if (p) { p.hidden = !n; p.lastElementChild.textContent = n + (n === 1 ? ' new order' : ' new orders'); }
    const all = (p || d.hidden ? n : 0) + (about ? 1 : 0) + calls;
    d.title = all && tells('badge') ? '(' + all + ') ' + title : title;
  };
  /* Rows on screen are quick; counts alone have time, so that a busy day costs the desk little. */
  const soon = () => {
    if (!$('#list')) return;
    const now = Date.now(), then = Math.max(now + 200 + Math.random() * 300, last + (changed.size || stale ? 1500 : 6000));
    if (timer && due <= then) return;
    clearTimeout(timer); due = then; timer = setTimeout(refresh, then - now);
  };
  const refresh = async () => {
    timer = 0;
    if (d.hidden) return;
    if (pressed) { soon(); return; }
    last = Date.now();
    if (stale) { stale = false; $$('#orders tbody .ck').forEach(c => changed.add(+c.value)); }
    const asked = [...changed].filter(row).slice(0, 200), url = new URL('/orders/fresh' + location.search, location.href);
    asked.forEach(n => changed.delete(n)); [...changed].forEach(n => row(n) || changed.delete(n));
    url.searchParams.set('changed', asked.join(','));
    try {
      const answer = await fetch(url, { headers: { 'HX-Request': 'true' } });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch { /* The next news tries again. */ }
    if (changed.size) soon();
  };
  const show = page => {
    if (pressed) { setTimeout(() => show(page), 200); return; }
    for (const [area, at] of [['.rail', '.c'], ['.views', '.n']]) {
      for (const now of $$(area + ' a', page)) {
        const old = $$('#list ' + area + ' a').find(a => a.getAttribute('href') === now.getAttribute('href')), text = old && $(at, old)?.lastChild;
        if (text && text.textContent !== now.textContent) text.textContent = now.textContent;
      }
    }
    for (const now of $$('tr', page)) {
      const old = row($('.ck', now).value); if (!old) continue;
      const held = old.contains(d.activeElement) && d.activeElement.matches('.o');
      let differs = false;
      /* The first cell has the tick, which is the person's own. */
      [...now.cells].slice(1).forEach((cell, i) => {
        const was = old.cells[i + 1];
        if (was && was.innerHTML !== cell.innerHTML) { differs = true; was.replaceWith(d.importNode(cell, true)); }
      });
      if (held) $('.o', old)?.focus({ preventScroll: true });
      if (differs) { old.classList.remove('news'); void old.offsetWidth; old.classList.add('news'); setTimeout(() => old.classList.remove('news'), 2500); }
    }
  };
  d.addEventListener('pointerdown', () => pressed = true, true);
  for (const over of ['pointerup', 'pointercancel', 'dragend']) d.addEventListener(over, () => setTimeout(() => pressed = false, 100), true);
  d.addEventListener('click', e => { if (e.target.closest?.('#newpill')) { fresh.clear(); d.title = title; scrollTo(0, 0); } });
  d.addEventListener('htmx:after:swap', () => { fresh.forEach(n => row(n) && fresh.delete(n)); count(); });
  d.addEventListener('visibilitychange', () => { if (d.hidden) return; if (!$('#newpill')) fresh.clear(); count(); if (changed.size || stale) soon(); });

  /* the order on screen */
  const typed = () => $$('main textarea,main input:not([type=hidden],[type=checkbox],[type=radio],[type=search])').some(f => f.value !== f.defaultValue);
  const banner = (text, sure) => {
    const from = $('#about'), to = $('#toasts'); if (!from || !to || (about && !sure)) return;
    $('.toast.changed', to)?.remove();
    to.prepend(from.content.cloneNode(true)); about = text;
    const shown = $('.toast.changed', to); $('span', shown).textContent = text;
    /* What is half typed stays: the new state opens beside it. */
    $('a', shown).addEventListener('click', e => { if (typed()) e.currentTarget.target = '_blank'; });
  };

  /* What is worth a sound is told once a browser, by the tab that listens, with what alarm.js has for it. */
  const looking = () => { try { if (!d.hidden) localStorage.setItem(KEY + '.looking', Date.now()); } catch { /* Then it is told. */ } };
  if (tells('desktop')) { looking(); setInterval(looking, 5000); d.addEventListener('visibilitychange', looking); }
  const seldom = () => import(d.body.dataset.alarm);
  const words = news => news.call ? news.by + ' mentioned you on #' + news.order : news.new ? 'New order #' + news.order : '#' + news.order + ': ' + news.by + ' ' + news.words;
  const alarm = async news => {
    if (!news.loud || !(tells('chime') || tells('desktop'))) return;
    (await seldom()).alarm(news, words(news), tells);
  };

  const take = (kind, news) => {
    if (kind === 'presence') { d.dispatchEvent(new CustomEvent('presence', { detail: news })); return; }
    if (kind === 'reload') { stale = true; banner('This order may have changed', false); soon(); count(); return; }
    if (news.call) { calls++; seldom().then(now => now.mention(news, words(news)), () => 0); }
    if ($('#inbox') && /^message/.test(news.kind) && !news.mine) $('#talkpill').hidden = false;
    if (news.new && !news.mine && !row(news.order)) fresh.add(news.order);
    if (row(news.order)) changed.add(news.order);
    const on = $('#about');
    if (on && +on.dataset.order === news.order && news.seq > +on.dataset.seq && !news.mine) banner(news.by + ' ' + news.words, /stage_changed|undone/.test(news.kind));
    count(); soon();
  };

  /* one connection for all tabs */
  const channel = window.BroadcastChannel && new BroadcastChannel(KEY);
  let at = '', wait = 2000;
  const keep = () => { try { if (at) localStorage.setItem(KEY, at + ' ' + Date.now()); } catch { /* It begins at the end. */ } };
  const kept = () => { try { const [id, when] = (localStorage.getItem(KEY) || '').split(' '); return Date.now() - when < 60000 ? id : ''; } catch { return ''; } };
  channel?.addEventListener('message', e => { at = e.data.at; if (e.data.kind) take(e.data.kind, e.data.news); });
  const listen = () => new Promise(over => {
    const from = at || kept(), source = new EventSource(from ? address + '?after=' + from : address);
    const heard = kind => e => {
      at = e.lastEventId; wait = 2000; keep();
      const news = kind === 'news' || kind === 'presence' ? JSON.parse(e.data) : null;
      if (kind === 'news') alarm(news);
      channel?.postMessage({ at, kind, news }); if (kind) take(kind, news);
    };
    source.addEventListener('here', heard(''));
    source.addEventListener('reload', heard('reload'));
    source.addEventListener('presence', heard('presence'));
    source.addEventListener('message', heard('news'));
    source.addEventListener('error', () => { if (source.readyState === EventSource.CLOSED) over(); });
  });
  const lead = async () => {
    for (;;) {
      await (navigator.locks ? navigator.locks.request(KEY, listen) : listen());
      await new Promise(go => setTimeout(go, wait)); wait = Math.min(wait * 2, 60000);
    }
  };
  addEventListener('pagehide', keep);
  lead();
})();
