/* The list of keys, drawn when somebody asks for it. What each one does is in app.js, and in the pages by data-key. */
const ROWS = ['Go to orders|G O', 'Go to messages|G M', 'Find or jump|Ctrl K', 'Search this list|/', 'Next, previous|J K', 'Select, select range|X Shift+X', 'Open|\u21b5', 'Next stage|E', 'Put on hold|H', 'Note|N', 'Tag|T', 'Print slip, choose paper|P Shift+P', 'New order|C', 'Inbox: mark unread|U', 'Undo the last move|Z', 'First to ninth view|1–9', 'Close, clear selection|Esc', 'This list|?'];
const made = (tag, kids, more) => { const e = Object.assign(document.createElement(tag), more); e.append(...kids); return e; };

export const draw = () => {
  const line = row => {
    const [words, keys] = row.split('|'), caps = keys.split(' ').map(k => made('kbd', [k]));
    return made('p', [made('span', [words]), made('span', caps, { className: 'row' })]);
  };
  const close = made('form', [made('button', ['Close'], { className: 'btn sm' })], { method: 'dialog', className: 'push' });
  const head = made('header', [made('h2', ['Keyboard shortcuts'], { id: 'keysh' }), close]);
  const card = made('div', [head, made('div', ROWS.map(line), { className: 'body keysg' })], { className: 'card keysd' });
  const box = made('dialog', [card], { id: 'keys', className: 'dlg' });
  box.setAttribute('aria-labelledby', 'keysh');
  document.body.append(box);
};
