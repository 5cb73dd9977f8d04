/* A sound and a notification outside of the browser for news that matters, as its person wants it. */
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
