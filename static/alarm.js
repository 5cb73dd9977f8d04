/* What news needs now and then: a toast for who is mentioned; a sound and a notification outside of the browser for
   what matters, as its person wants it. */
const KEY = 'slipway.news.looking';
let rang = 0;

const chime = () => {
  const sound = new AudioContext();
  [660, 880].forEach((pitch, i) => {
    const tone = sound.createOscillator(), loud = sound.createGain(), at = sound.currentTime + i * .14;
    tone.frequency.value = pitch; loud.gain.setValueAtTime(.12, at); loud.gain.exponentialRampToValueAtTime(.001, at + .3);
    tone.connect(loud).connect(sound.destination); tone.start(at); tone.stop(at + .3);
  });
  setTimeout(() => sound.close(), 1000);
};

/* While a page of the desk is in front nothing is shown beside it. */
const looks = () => { try { return Date.now() - localStorage.getItem(KEY) < 9000; } catch { return false; } };

export const alarm = (news, words, tells) => {
  if (Date.now() - rang < 3000) return;
  rang = Date.now();
  if (tells('chime')) try { chime(); } catch { /* No sound here. */ }
  if (!tells('desktop') || window.Notification?.permission !== 'granted' || looks()) return;
  const told = new Notification(words, { tag: 'slipway-' + news.order });
  told.onclick = () => { focus(); location.assign('/orders/' + news.order + (news.call ? '/notes' : '')); };
};

/* A second mention joins the first. */
export const mention = (news, words) => {
  const to = document.querySelector('#toasts'), former = to?.querySelector('.mention');
  const more = former ? +former.dataset.more + 1 : 0;
  const made = (tag, more) => Object.assign(document.createElement(tag), more);
  const toast = made('div', { className: 'toast mention' });
  const href = more ? '/inbox/mentions' : '/orders/' + news.order + '/notes';
  toast.append(made('span', { textContent: words + (more ? ' and ' + more + ' more' : '') }), made('a', { className: 'btn', textContent: 'Show', href }));
  toast.dataset.seen = ''; toast.dataset.more = more;
  former?.remove(); to?.prepend(toast); setTimeout(() => toast.remove(), 20000);
};
