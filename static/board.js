/* Dragging a card presses the same button its Move menu has. Columns it may not go to are dimmed. */
(() => {
  const d = document; let card;
  const column = e => e.target.closest?.('[data-stage]');
  const allowed = c => card && card.dataset.to.split(' ').includes(c.dataset.stage);
  const end = () => { card?.classList.remove('lift'); card = null; d.querySelectorAll('.no,.drop').forEach(c => c.classList.remove('no', 'drop')); };
  d.addEventListener('dragstart', e => {
    card = e.target.closest?.('.kc[draggable]'); if (!card) return;
    e.dataTransfer.effectAllowed = 'move'; e.dataTransfer.setData('text/plain', card.querySelector('a').textContent);
    setTimeout(() => { card?.classList.add('lift'); d.querySelectorAll('[data-stage]').forEach(c => c.classList.toggle('no', !allowed(c) && !c.contains(card))); });
  });
  d.addEventListener('dragover', e => {
    const c = column(e); if (!c || !allowed(c)) return;
    e.preventDefault(); e.dataTransfer.dropEffect = 'move';
    if (!c.classList.contains('drop')) { d.querySelectorAll('.drop').forEach(o => o.classList.remove('drop')); c.classList.add('drop'); }
  });
  d.addEventListener('drop', e => {
    const c = column(e); if (!c || !allowed(c)) return;
    e.preventDefault();
    const menu = card.querySelector('form.menu'), to = c.dataset.stage;
    const press = [...menu.querySelectorAll('[name=to],[data-slug]')].find(b => (b.value || b.dataset.slug) === to);
    end(); press?.click();
  });
  d.addEventListener('dragend', end);
})();
