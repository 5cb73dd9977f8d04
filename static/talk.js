/* Where there is talk about an order: the thread begins at its end, a saved reply comes filled in, and #here says
   who else looks at the order, of which news.js passes on what it hears. */
(() => {
  const d = document;
  d.querySelector('.convs .on')?.scrollIntoView({ block: 'nearest' });
  const thread = d.querySelector('.talk .thread'); if (thread) thread.scrollTop = thread.scrollHeight;

  const replies = d.querySelector('[data-fill]');
  if (replies && window.fetch) {
    replies.nextElementSibling.hidden = true;
    replies.addEventListener('change', async () => {
      if (!replies.value) return;
      const say = text => { replies.parentNode.lastElementChild.textContent = text; }, box = replies.form.elements.body;
      const answer = await fetch(replies.dataset.fill + '/' + replies.value, { headers: { accept: 'application/json' } }).catch(() => 0);
      replies.value = '';
      if (!answer?.ok) { say('The reply could not be had. Try again.'); return; }
      const { text, told } = await answer.json();
      box.value = (box.value.trimEnd() + '\n' + text).trimStart(); box.focus(); say(told);
    });
  }

  const here = d.getElementById('here'); if (!here || !window.fetch) return;
  const path = '/orders/' + here.dataset.order + '/presence';
  const show = ({ order, people }) => {
    if (+here.dataset.order !== order) return;
    const names = people.map(name => name.split(' ')[0]), last = names.pop();
    here.textContent = last ? (names.length ? names.join(', ') + ' and ' + last + ' are here' : last + ' is here') : '';
  };
  const say = async () => {
    if (d.hidden) return;
    try { const answer = await fetch(path, { method: 'POST', body: new URLSearchParams() }); if (answer.ok) show(await answer.json()); } catch { /* Said again soon. */ }
  };
  const leave = () => navigator.sendBeacon(path, new URLSearchParams({ leaves: 1 }));
  d.addEventListener('presence', e => show(e.detail));
  d.addEventListener('visibilitychange', () => d.hidden ? leave() : say());
  addEventListener('pagehide', leave);
  setInterval(say, 25000); say();
})();
