/* Asks the browser whether news may be shown outside of it, once somebody ticks that. */
(() => {
  const box = document.querySelector('[name=tell][value=desktop]'), told = document.getElementById('telltold');
  box?.addEventListener('change', async () => {
    if (!box.checked) return;
    const may = window.Notification ? await Notification.requestPermission() : 'denied';
    if (may === 'granted') return;
    box.checked = false;
    told.textContent = 'This browser does not let the desk show anything. Allow notifications for this site in the browser, then tick it again.';
  });
})();
