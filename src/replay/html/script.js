
'use strict';
(() => {
  const LONG = 30;

  // What a cell is sorted by: a number if it is one, else its words.
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = Number(text.replace(/,/g, '').replace(/\s*%$/, ''));
    return text === '' || Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  };

  const sort = (table, head) => {
    const column = head.cellIndex;
    const first = head.classList.contains('number') ? 'descending' : 'ascending';
    const other = first === 'ascending' ? 'descending' : 'ascending';
    const order = head.getAttribute('aria-sort') === first ? other : first;
    for (const th of table.tHead.rows[0].cells) th.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', order);
    const sign = order === 'ascending' ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
    rows.sort((a, b) => sign * compare(a[0], b[0]));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  // Buttons are of no use without this script, so it is this script that makes them.
  const sortable = (table) => {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      button.addEventListener('click', () => sort(table, head));
      head.append(button);
    }
  };

  const shorten = (table) => {
    const rows = table.tBodies[0].rows.length;
    if (rows <= LONG + 5) return;
    table.classList.add('short');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'more';
    button.textContent = `Show all ${rows}`;
    button.addEventListener('click', () => {
      table.classList.remove('short');
      button.remove();
    });
    table.after(button);
  };

  // A title is shown late, and not at all where there is no pointer: the same words at once.
  const tips = (picture) => {
    const tip = document.getElementById('tip');
    for (const title of picture.querySelectorAll('title')) {
      const owner = title.parentNode;
      owner.setAttribute('aria-label', title.textContent);
      title.remove();
    }
    const show = (event) => {
      const owner = event.target.closest('.tip');
      tip.hidden = !owner;
      if (!owner) return;
      tip.textContent = owner.getAttribute('aria-label');
      const box = tip.getBoundingClientRect();
      const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - box.width - 4);
      const above = event.clientY - box.height - 12;
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${above > 4 ? above : event.clientY + 18}px`;
    };
    picture.addEventListener('pointermove', show);
    picture.addEventListener('pointerdown', show);
    picture.addEventListener('pointerleave', () => { tip.hidden = true; });
  };

  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  tip.setAttribute('role', 'tooltip');
  document.body.append(tip);
  document.querySelectorAll('figure svg').forEach(tips);
  document.querySelectorAll('table.sortable').forEach((table) => { sortable(table); shorten(table); });
})();
