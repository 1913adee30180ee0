'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const form = document.getElementById('filter');
  const sections = [...document.querySelectorAll('.pool')];
  // A column draws so many boxes, a box so many cells; the rest is a button and a number away.
  const boxesAtOnce = 60, cellsAtOnce = 120, detailsAtOnce = 500;
  const number = n => n.toLocaleString('en');
  const count = (n, noun) => number(n) + ' ' + noun + (n === 1 ? '' : 's');

  // The fields of a pod, as in data.go.
  const NAME = 0, NAMESPACE = 1, ROLE = 2, OWNER = 3, PROJECT = 4, PARENT = 5, SIGN = 6, REASON = 7;
  const choices = [
    ['namespace', NAMESPACE, data.namespaces], ['role', ROLE, data.roles.map(r => r.name)],
    ['owner', OWNER, data.owners], ['project', PROJECT, data.projects],
  ];

  const wrong = box => box.pods.some(p => p[SIGN]);
  const columns = data.columns.map(boxes => [...boxes.filter(wrong), ...boxes.filter(b => !wrong(b))]);
  const total = columns.flat().reduce((n, b) => n + b.pods.length, 0);
  const shown = sections.map(() => boxesAtOnce);
  let visible = [];

  function element(tag, classes, ...children) {
    const e = document.createElement(tag);
    if (classes) e.className = classes;
    e.append(...children);
    return e;
  }

  // choice fills a select; an empty text is what pods have that have none.
  function choice([name, , texts]) {
    const select = form.elements[name];
    const options = texts.map((text, i) => [text || 'none', i]);
    if (name !== 'role') options.sort((a, b) => a[0].localeCompare(b[0]));
    select.replaceChildren(new Option('all', ''), ...options.map(([text, i]) => new Option(text, i)));
    select.disabled = texts.length < 2;
  }

  function predicate() {
    const tests = [];
    for (const [name, at] of choices) {
      const value = form.elements[name].value;
      if (value !== '') tests.push(p => p[at] === Number(value));
    }
    if (form.elements.wrong.checked) tests.push(p => p[SIGN]);
    const text = form.elements.text.value.trim().toLowerCase();
    if (text) {
      tests.push((p, box) => [box.name, p[NAME], data.parents[p[PARENT]], data.owners[p[OWNER]], data.projects[p[PROJECT]]]
        .some(s => s.toLowerCase().includes(text)));
    }
    return tests.length === 0 ? null : (p, box) => tests.every(t => t(p, box));
  }

  function filter() {
    const test = predicate();
    let pods = 0, nodes = 0;
    visible = columns.map(boxes => {
      const kept = [];
      for (const box of boxes) {
        const own = test ? box.pods.filter(p => test(p, box)) : box.pods;
        if (test && own.length === 0) continue;
        pods += own.length;
        nodes += box.waits ? 0 : 1;
        kept.push([box, own]);
      }
      return kept;
    });
    const all = test ? number(pods) + ' of ' + count(total, 'pod') : count(total, 'pod');
    document.getElementById('count').textContent = all + ' on ' + count(nodes, 'node');
    shown.fill(boxesAtOnce);
    sections.forEach((_, i) => draw(i));
  }

  function clear() {
    form.reset();
    filter();
  }

  // draw fills one column. Boxes that are there already stay: whoever has the focus keeps it.
  function draw(i, keep) {
    const list = sections[i].querySelector('.boxes'), more = sections[i].querySelector('.more');
    if (!keep) list.replaceChildren();
    const drawn = visible[i].slice(list.children.length, shown[i]).map(drawBox);
    list.append(...drawn);
    if (visible[i].length === 0) list.append(element('li', 'none', columns[i].length ? 'nothing here fits the filter' : 'no nodes'));
    const rest = visible[i].length - shown[i];
    more.hidden = rest <= 0;
    more.textContent = 'Show ' + number(Math.min(rest, boxesAtOnce)) + ' more of ' + number(rest);
    return drawn[0];
  }

  function drawBox([box, pods]) {
    const name = element('button', '', box.name);
    name.type = 'button';
    name.title = box.name;
    name.setAttribute('aria-expanded', 'false');
    const filtered = pods.length < box.pods.length;
    const size = (filtered ? number(pods.length) + ' of ' : '') + count(box.pods.length, 'pod');
    const li = element('li', 'node' + (pods.some(p => p[SIGN]) ? ' wrong' : ''), element('h3', '', name, element('span', 'quiet', size)));
    if (!box.waits) li.id = 'node-' + box.name;
    if (box.notes) li.append(element('p', 'note', box.notes.join(', ')));
    if (pods.length) li.append(element('p', 'said', summary(pods)), cells(pods));
    name.addEventListener('click', () => toggle(li, name, pods));
    return li;
  }

  // summary is what the cells say to whoever does not see them.
  function summary(pods) {
    const byRole = new Map();
    for (const p of pods) byRole.set(p[ROLE], (byRole.get(p[ROLE]) || 0) + 1);
    const words = [...byRole].map(([role, n]) => number(n) + ' ' + data.roles[role].name);
    const signs = pods.filter(p => p[SIGN]).length;
    return words.join(', ') + (signs ? '; something is wrong with ' + number(signs) : '');
  }

  function cells(pods) {
    const drawn = pods.slice(0, cellsAtOnce).map(p => {
      const role = data.roles[p[ROLE]];
      const cell = element('span', 'cell ' + role.class + (p[SIGN] ? ' marked' : ''), role.letter + p[SIGN]);
      cell.title = p[NAME] + '\n' + about(p) + (p[SIGN] ? '\n' + data.reasons[p[REASON]] : '');
      return cell;
    });
    const list = element('div', 'cells', ...drawn);
    if (pods.length > cellsAtOnce) list.append(element('span', 'quiet', '+' + number(pods.length - cellsAtOnce)));
    list.setAttribute('aria-hidden', 'true');
    return list;
  }

  function about(p) {
    const run = data.projects[p[PROJECT]] || data.owners[p[OWNER]];
    return [data.roles[p[ROLE]].name, data.namespaces[p[NAMESPACE]], run, data.parents[p[PARENT]]].filter(Boolean).join(' · ');
  }

  function toggle(li, name, pods) {
    const open = li.classList.toggle('open');
    name.setAttribute('aria-expanded', String(open));
    if (!open) {
      li.querySelector('.details').remove();
      return;
    }
    const rows = pods.slice(0, detailsAtOnce).map(p => {
      const row = element('li', '', element('strong', '', p[NAME]), element('span', 'quiet', about(p)));
      if (p[SIGN]) row.append(element('span', 'because', data.reasons[p[REASON]]));
      return row;
    });
    if (pods.length === 0) rows.push(element('li', 'quiet', 'no pods'));
    if (pods.length > detailsAtOnce) rows.push(element('li', 'quiet', 'and ' + number(pods.length - detailsAtOnce) + ' more; filter to see them'));
    const details = element('ul', 'details', ...rows);
    details.tabIndex = 0; // it may scroll
    details.setAttribute('aria-label', 'Pods of ' + name.textContent);
    li.append(details);
  }

  // goTo shows the node, whatever is filtered, and gives it the focus.
  function goTo(node) {
    clear();
    const i = columns.findIndex(boxes => boxes.some(b => b.name === node && !b.waits));
    shown[i] = Math.max(shown[i], visible[i].findIndex(([b]) => b.name === node) + 1);
    draw(i, true);
    const li = document.getElementById('node-' + node);
    li.scrollIntoView({ block: 'center' });
    li.querySelector('button').focus();
  }

  // Arrows go from node to node in a column, and from column to column.
  function arrow(event) {
    const at = event.target.closest('.node h3 button');
    if (!at || !event.key.startsWith('Arrow')) return;
    const names = section => [...section.querySelectorAll('.node h3 button')];
    const own = at.closest('.pool'), list = names(own);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    let to = list[list.indexOf(at) + step];
    if (!step) {
      const side = event.key === 'ArrowRight' ? 1 : -1;
      for (let i = sections.indexOf(own) + side; sections[i] && !to; i += side) to = names(sections[i])[0];
    }
    if (to) to.focus();
    event.preventDefault();
  }

  choices.forEach(choice);
  form.hidden = false;
  form.addEventListener('input', filter);
  form.addEventListener('submit', event => event.preventDefault());
  document.getElementById('clear').addEventListener('click', clear);
  document.getElementById('nodes').addEventListener('keydown', arrow);
  sections.forEach((section, i) => section.querySelector('.more').addEventListener('click', () => {
    shown[i] += boxesAtOnce;
    const first = draw(i, true);
    if (first) first.querySelector('button').focus();
  }));
  for (const place of document.querySelectorAll('[data-node]')) {
    const link = element('a', '', place.textContent);
    link.href = '#node-' + place.dataset.node;
    link.addEventListener('click', event => { event.preventDefault(); goTo(place.dataset.node); });
    place.replaceChildren(link);
  }
  filter();
})();
