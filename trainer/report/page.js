"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const cards = document.getElementById("cards");
  if (!cards) return; // a page without pictures
  const FIRST = 8; // cards that are there at once
  const MORE = 16; // and with each press of the button
  const LISTED = 12; // mistakes in words beside a picture
  // places in a detection and in a mistake, see pictures.py
  const CLASS = 4, SCORE = 5, KIND = 6;
  const PANE = 0, OF_KIND = 1, COST = 2, DETECTION = 3, LABEL = 4;
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");

  function el(tag, kind, ...children) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    made.append(...children);
    return made;
  }
  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  const name = (number) => data.classes[number];
  const about = (image, mistake) => {
    const found = mistake[DETECTION] >= 0 ? image.panes[mistake[PANE]][mistake[DETECTION]] : null;
    return [found, mistake[LABEL] >= 0 ? image.labels[mistake[LABEL]] : null];
  };

  // --- what is wanted ---------------------------------------------------------------------------------

  function wanted() {
    const kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((box) => Number(box.value)));
    const of = byId("of-class").value;
    const text = byId("text").value.normalize("NFC").toLowerCase().trim();
    const ofClass = (image, mistake) => {
      if (of === "") return true;
      const [found, label] = about(image, mistake);
      return (found && found[CLASS] === Number(of)) || (label && label[CLASS] === Number(of));
    };
    return {
      text,
      mine: (image, mistake) => kinds.has(mistake[OF_KIND]) && ofClass(image, mistake),
    };
  }

  let asked = wanted();
  let queue = [];
  let shown = 0;

  function show() {
    asked = wanted();
    const rows = data.images
      .filter((image) => image.name.normalize("NFC").toLowerCase().includes(asked.text))
      .map((image) => {
        const mine = image.mistakes.filter((mistake) => asked.mine(image, mistake));
        return [image, mine, mine.reduce((sum, mistake) => sum + mistake[COST], 0)];
      })
      .filter((row) => row[1].length);
    // the differences of two detectors keep their order; otherwise the most costly come first
    queue = data.ordered ? rows : rows.sort((a, b) => b[2] - a[2]);
    cards.replaceChildren();
    shown = 0;
    extend(FIRST);
    byId("shown").textContent = `${queue.length} of ${data.images.length} images`;
    byId("none").hidden = queue.length > 0;
  }

  function extend(by) {
    const next = queue.slice(shown, shown + by);
    cards.append(...next.map((row) => card(...row)));
    shown += next.length;
    const left = queue.length - shown;
    byId("more").hidden = left <= 0;
    byId("more").textContent = `Show ${Math.min(MORE, left)} more of ${left}`;
  }

  // --- one image --------------------------------------------------------------------------------------

  function card(image, mine, cost) {
    const chosen = new Set(mine);
    const panes = image.panes.map((_, pane) => {
      const button = el("button", "", photo(image, pane, chosen));
      button.type = "button";
      button.setAttribute("aria-label", `Enlarge ${image.name}`);
      button.addEventListener("click", () => enlarge(photo(image, pane, chosen)));
      return el("div", "pane", ...(data.panes.length > 1 ? [el("h4", "", data.panes[pane])] : []), button);
    });
    const list = el("ol", "");
    for (const mistake of mine.slice(0, LISTED)) {
      const row = el("button", "", el("span", "cost", mistake[COST].toFixed(2)), el("span", "", words(image, mistake)));
      row.type = "button";
      row.addEventListener("click", () => enlarge(photo(image, mistake[PANE], chosen, mistake)));
      list.append(el("li", "", row));
    }
    if (mine.length > LISTED) list.append(el("li", "", `and ${mine.length - LISTED} more`));
    const facts = `${image.width} x ${image.height} px, ${image.labels.length} labelled, ` + image.says.replace("{cost}", cost.toFixed(2));
    return el("li", "card", el("div", "panes", ...panes), el("div", "about", el("h3", "", el("bdi", "", image.name)), el("p", "facts", facts), list));
  }

  function words(image, mistake) {
    const [found, label] = about(image, mistake);
    const kind = data.kinds[mistake[OF_KIND]];
    const parts = data.panes.length > 1 ? [data.panes[mistake[PANE]] + ": "] : [];
    parts.push(kind);
    if (found) parts.push(`: ${name(found[CLASS])} ${found[SCORE].toFixed(2)}`);
    if (!found && label) parts.push(`: ${name(label[CLASS])}`);
    if (found && label && label[CLASS] !== found[CLASS]) parts.push(`, labelled ${name(label[CLASS])}`);
    return parts.join("");
  }

  function photo(image, pane, chosen, only) {
    const drawn = svg("svg", { class: "photo", viewBox: `0 0 ${image.width} ${image.height}`, role: "img" });
    drawn.setAttribute("aria-label", image.name);
    if (image.picture) drawn.append(svg("image", { href: image.picture, width: image.width, height: image.height, preserveAspectRatio: "none" }));
    const ofPane = image.mistakes.filter((mistake) => mistake[PANE] === pane);
    const missed = new Set(ofPane.filter((m) => m[DETECTION] < 0).map((m) => m[LABEL]));
    const wrong = new Map(ofPane.filter((m) => m[DETECTION] >= 0).map((m) => [m[DETECTION], m]));
    const quiet = (mistake) => (mistake && !chosen.has(mistake) ? " quiet" : "");
    const ofLabel = (number) => ofPane.find((m) => m[DETECTION] < 0 && m[LABEL] === number);
    const box = ([x0, y0, x1, y1], kind, group, title) => {
      const shape = { x: x0, y: y0, width: Math.max(x1 - x0, 0.01), height: Math.max(y1 - y0, 0.01) };
      drawn.append(svg("g", { class: group }, svg("rect", { class: "halo", ...shape }), svg("rect", { class: "box " + kind, ...shape }, svg("title", {}, title))));
    };
    image.labels.forEach((label, number) => {
      if (!missed.has(number)) box(label, "label", "of-label", `labelled ${name(label[CLASS])}`);
    });
    image.panes[pane].forEach((found, number) => {
      if (!wrong.has(number)) box(found, "right", "of-right", `right: ${name(found[CLASS])} ${found[SCORE].toFixed(2)}`);
    });
    missed.forEach((number) => box(image.labels[number], "missed" + quiet(ofLabel(number)), "of-wrong", `missed: ${name(image.labels[number][CLASS])}`));
    wrong.forEach((mistake, number) => {
      const found = image.panes[pane][number];
      const kind = only === mistake ? "wrong chosen" : "wrong" + quiet(mistake);
      box(found, kind, "of-wrong", words(image, mistake));
    });
    if (only) closer(drawn, image, only);
    return drawn;
  }

  // the part of the picture around a mistake, with as much again on every side
  function closer(drawn, image, mistake) {
    const boxes = about(image, mistake).filter(Boolean);
    const low = [0, 1].map((i) => Math.min(...boxes.map((b) => b[i])));
    const high = [2, 3].map((i) => Math.max(...boxes.map((b) => b[i])));
    const side = Math.max(high[0] - low[0], high[1] - low[1], 24);
    const x = Math.max(0, low[0] - side), y = Math.max(0, low[1] - side);
    const width = Math.min(image.width, high[0] + side) - x, height = Math.min(image.height, high[1] + side) - y;
    drawn.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  function enlarge(drawn) {
    const dialog = byId("large");
    dialog.querySelector("div").replaceChildren(drawn);
    dialog.showModal();
  }
  byId("large").addEventListener("click", (event) => {
    if (event.target === byId("large")) byId("large").close();
  });

  // --- the form ---------------------------------------------------------------------------------------

  data.classes.forEach((word, number) => {
    const option = el("option", "", word);
    option.value = String(number);
    byId("of-class").append(option);
  });
  const looks = () => {
    cards.classList.toggle("hide-labels", !byId("see-labels").checked);
    cards.classList.toggle("hide-right", !byId("see-right").checked);
  };
  let waiting = 0;
  form.addEventListener("input", (event) => {
    if (event.target.id.startsWith("see-")) return looks();
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => {
    const first = shown;
    extend(MORE);
    cards.children[first]?.querySelector("button")?.focus();
  });
  looks();
  show();
})();
