"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const repairs = ["safe", "unsafe", "manual"];
  const FIRST = 10; // findings of a rule that are there at once
  const MORE = 50; // and with each press of its button
  // places in a row of data.findings, see listing.py
  const RULE = 0, SEVERITY = 1, PATH = 2, LINE = 3, COLUMN = 4, OBJECT = 5, MESSAGE = 6, CONSEQUENCE = 7;
  const FIX = 8, FIX_TEXT = 9, IMAGE = 10, BOX = 11, PANES = 12, ROWS = 13;
  const numbers = new Intl.NumberFormat(words.lang);

  const byId = (id) => document.getElementById(id);
  const say = (key, values) => words[key].replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  function el(tag, name, ...children) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...children);
    return made;
  }

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // --- one finding ------------------------------------------------------------------------------------

  function card(finding) {
    const item = el("li", "finding", ...pictures(finding), said(finding));
    item.tabIndex = -1;
    return item;
  }

  function said(finding) {
    const path = data.texts[finding[PATH]];
    const place = el("p", "place", el("b", "", el("bdi", "", path === "." ? words.whole_set : path)));
    if (finding[LINE]) place.append(`:${finding[LINE]}:${finding[COLUMN] || 1}`);
    if (finding[OBJECT]) place.append(" \u00b7 " + say("object", { number: finding[OBJECT] }));
    const repair = repairs[finding[FIX]];
    const parts = [
      place,
      el("p", "message", el("bdi", "", data.texts[finding[MESSAGE]])),
      el("p", "consequence", data.texts[finding[CONSEQUENCE]]),
      el("p", "fix", el("span", "chip " + repair, words[repair]), " ", el("bdi", "", data.texts[finding[FIX_TEXT]])),
    ];
    if (finding[ROWS].length) parts.push(excerpt(finding[ROWS]));
    return el("div", "said", ...parts);
  }

  function excerpt(rows) {
    const kinds = { "-": "minus", "+": "plus", " ": "as-is" };
    const box = el("div", "excerpt");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    for (const [sign, number, text, start, end] of rows) {
      if (sign === "@") {
        box.append(el("div", "word", text));
        continue;
      }
      const line = el("span", "line");
      if (end === undefined) line.append(text);
      else line.append(text.slice(0, start), el("mark", "", text.slice(start, end)), text.slice(end));
      box.append(el("div", kinds[sign], el("span", "no", String(number)), el("span", "sign", sign), line));
    }
    return box;
  }

  // --- its picture ------------------------------------------------------------------------------------

  function pictures(finding) {
    if (finding[IMAGE] < 0) return [];
    const image = data.images[finding[IMAGE]];
    const [path, , , statedWidth, statedHeight, why, leftOut] = image;
    const panes = finding[PANES].map((pane) => view(finding, image, pane));
    const parts = el("div", panes.length > 1 ? "panes two" : "panes", ...panes);
    if (!panes.length) parts.append(el("p", "", say("no_picture", { drawn: numbers.format(data.pictures.length) })));
    const legend = el("p", "legend", el("bdi", "", data.texts[path]));
    for (const [x0, y0, x1, y1, name] of image[7].filter((box) => concerned(finding, box)).slice(0, 3)) {
      const values = { name: data.texts[name], width: round(x1 - x0), height: round(y1 - y0) };
      legend.append(el("br"), el("span", "key hit"), say("box_size", values));
    }
    if (panes.length && image[7].some((box) => !concerned(finding, box))) {
      const hit = image[7].some((box) => concerned(finding, box));
      legend.append(el("br"), el("span", "key"), hit ? words.further_boxes : words.all_boxes);
    }
    if (panes.length && statedWidth)
      legend.append(el("br"), el("span", "key size"), say("stated_size", { width: statedWidth, height: statedHeight }));
    if (leftOut) legend.append(el("br"), say("boxes_not_drawn", { count: numbers.format(leftOut) }));
    if (why >= 0 && data.texts[why]) parts.append(el("p", "reason", data.texts[why]));
    parts.append(legend);
    return [parts];
  }

  const round = (value) => String(Math.round(value * 10) / 10);
  const concerned = (finding, box) =>
    finding[OBJECT] > 0 && box[5] === finding[OBJECT] && (!finding[BOX] || box[6] === finding[BOX]);

  function view(finding, image, [picture, caption, x, y, width, height, px, py, pw, ph]) {
    const drawn = svg("svg", { viewBox: `${x} ${y} ${width} ${height}`, role: "img" });
    const label = [data.texts[image[0]], data.texts[caption]].filter(Boolean).join(", ");
    drawn.setAttribute("aria-label", label);
    drawn.append(svg("rect", { class: "backdrop", x, y, width, height }));
    if (picture >= 0)
      drawn.append(svg("image", { href: data.pictures[picture], x: px, y: py, width: pw, height: ph, preserveAspectRatio: "none" }));
    else drawn.append(svg("rect", { class: "blank", x: px, y: py, width: pw, height: ph }));
    if (width > pw || height > ph) drawn.append(svg("rect", { class: "edge", x: px, y: py, width: pw, height: ph }));
    const boxes = [...image[7]].sort((a, b) => concerned(finding, a) - concerned(finding, b));
    for (const box of boxes) {
      const hit = concerned(finding, box) ? " hit" : "";
      const [x0, y0, x1, y1] = box;
      const shape = { x: x0, y: y0, width: Math.max(x1 - x0, 0.01), height: Math.max(y1 - y0, 0.01) };
      drawn.append(svg("rect", { class: "halo" + hit, ...shape }), svg("rect", { class: "box" + hit, ...shape }));
    }
    if (image[3]) drawn.append(svg("rect", { class: "stated", x: 0, y: 0, width: image[3], height: image[4] }));
    return el("div", "pane", drawn, ...(data.texts[caption] ? [el("p", "", data.texts[caption])] : []));
  }

  // --- which findings are shown -----------------------------------------------------------------------

  const haystacks = [];
  function haystack(number) {
    if (haystacks[number] === undefined) {
      const finding = data.findings[number];
      const rule = data.rules[finding[RULE]];
      const texts = [PATH, MESSAGE, CONSEQUENCE, FIX_TEXT].map((at) => data.texts[finding[at]]);
      haystacks[number] = [rule[0], rule[1], ...texts].join("\n").normalize("NFC").toLowerCase();
    }
    return haystacks[number];
  }

  function pathTest(written) {
    const wanted = written.trim().normalize("NFC").toLowerCase();
    if (!wanted) return () => true;
    const answers = new Map(); // thousands of findings are in few files
    let test = (path) => path.includes(wanted);
    if (/[*?]/.test(wanted)) {
      const pattern = wanted.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*").replace(/\?/g, ".");
      const whole = new RegExp(`(^|/)${pattern}$`);
      test = (path) => whole.test(path);
    }
    return (number) => {
      if (!answers.has(number)) answers.set(number, test(data.texts[number].normalize("NFC").toLowerCase()));
      return answers.get(number);
    };
  }

  function chosen() {
    const wanted = new Set([...document.querySelectorAll("[name=severity]:checked")].map((box) => Number(box.value)));
    const rule = byId("rule").value;
    const fix = byId("fix").value;
    const inPath = pathTest(byId("path").value);
    const parts = byId("text").value.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    const groups = data.rules.map(() => []);
    data.findings.forEach((finding, number) => {
      if (!wanted.has(finding[SEVERITY]) || (rule && finding[RULE] !== Number(rule))) return;
      if ((fix && finding[FIX] !== Number(fix)) || !inPath(finding[PATH])) return;
      if (parts.length && !parts.every((part) => haystack(number).includes(part))) return;
      groups[finding[RULE]].push(number);
    });
    return groups;
  }

  const sections = [...document.querySelectorAll(".rule")].map((section) => ({
    section,
    list: section.querySelector(".findings"),
    button: section.querySelector(".more"),
    count: section.querySelector(".count"),
    numbers: [],
    shown: 0,
  }));

  function extend(group, by) {
    const next = group.numbers.slice(group.shown, group.shown + by);
    group.list.append(...next.map((number) => card(data.findings[number])));
    group.shown += next.length;
    const left = group.numbers.length - group.shown;
    group.button.hidden = !left;
    if (left) group.button.textContent = say("more", { count: numbers.format(Math.min(MORE, left)), left: numbers.format(left) });
  }

  function show() {
    const groups = chosen();
    let shown = 0;
    sections.forEach((group, at) => {
      group.numbers = groups[at];
      group.shown = 0;
      shown += groups[at].length;
      const all = data.rules[at][2];
      const some = groups[at].length;
      group.count.textContent = some === all ? numbers.format(all) : `${numbers.format(some)} / ${numbers.format(all)}`;
      group.section.hidden = !some;
      group.list.replaceChildren();
      extend(group, FIRST);
    });
    byId("shown").textContent = say("shown", { shown: numbers.format(shown), all: numbers.format(data.findings.length) });
    byId("none").hidden = shown > 0 || !data.findings.length;
  }

  // --- keys, links, buttons ---------------------------------------------------------------------------

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  };
  const filters = byId("filters");
  filters.addEventListener("input", soon);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", soon); // it comes before the fields are empty
  function clear() {
    filters.reset();
    clearTimeout(waiting); // a list made anew later would take the focus away
    show();
  }
  sections.forEach((group) =>
    group.button.addEventListener("click", () => {
      const first = group.shown;
      extend(group, MORE);
      group.list.children[first].focus();
    })
  );

  function step(by) {
    const cards = [...document.querySelectorAll(".rule:not([hidden]) .finding")];
    const at = cards.indexOf(document.activeElement.closest?.(".finding"));
    const group = at >= 0 && sections.find(({ section }) => section.contains(cards[at]));
    if (by > 0 && group && cards[at] === group.list.lastElementChild && !group.button.hidden) {
      extend(group, MORE);
      return cards[at].nextElementSibling.focus();
    }
    (at < 0 ? cards[0] : cards[at + by])?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.matches("input[type=search], select");
    if (event.key === "Escape" && (typing || event.target.matches(".finding"))) {
      clear();
      event.target.blur();
    } else if (typing) return;
    else if (event.key === "/") {
      event.preventDefault();
      byId("text").focus();
    } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  });

  // a link to a rule leads to it, whatever is filtered
  function arrive() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden && target.matches(".rule")) {
      clear();
    }
    if (target.matches("details")) target.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", arrive);

  const charts = byId("charts");
  const all = charts && [...charts.childNodes];
  byId("which-class")?.addEventListener("change", (event) => {
    const other = document.querySelector(`.class-charts[data-class="${Number(event.target.value)}"]`);
    charts.replaceChildren(...(event.target.value === "" ? all : [other.content.cloneNode(true)]));
  });

  if (matchMedia("(max-width: 640px)").matches)
    for (const about of document.querySelectorAll(".about")) about.open = false;
  show();
  arrive();
})();
