// The only place where elements are made. Whatever comes from a message goes in as a text node, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** el("button", {class: "x", type: "button", onclick: f, dataset: {testid: "send"}}, "发送") */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  mic: ["M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3z", "M5.5 11.5a6.5 6.5 0 0 0 13 0", "M12 18v3"],
  plus: ["M12 5v14", "M5 12h14"],
  send: ["M4.5 12 20 4.5 15.5 20l-3.8-6.2z", "M11.7 13.8 20 4.5"],
  image: ["M4 5.5h16v13H4z", "m4.5 17 5-5.5 3.5 3.5 2.5-2.5 4 4", "M15.5 9.5h.01"],
  audio: ["M9 18V6l10-2v12", "M6.5 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z", "M16.5 18.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"],
  file: ["M6 3.5h8l4.5 4.5v12.5H6z", "M14 3.5V8h4.5"],
  pin: ["M12 21s7-6.2 7-11.5a7 7 0 1 0-14 0C5 14.8 12 21 12 21z", "M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  alert: ["M12 4 2.8 19.5h18.4z", "M12 10v4.5", "M12 17.2h.01"],
  clipboard: ["M8 5H5.5v15.5h13V5H16", "M9 3.5h6v3.5H9z", "M9 12h6", "M9 16h4"],
  back: ["m14.5 5-7 7 7 7"],
  more: ["M6 12h.01", "M12 12h.01", "M18 12h.01"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2.5v2", "M12 19.5v2", "M2.5 12h2", "M19.5 12h2", "m5.3 5.3 1.4 1.4", "m17.3 17.3 1.4 1.4", "m5.3 18.7 1.4-1.4", "m17.3 6.7 1.4-1.4"],
  moon: ["M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z"],
  play: ["M8 5.5v13l10.5-6.5z"],
  down: ["M12 5v14", "m6 13 6 6 6-6"],
  retry: ["M19.5 12a7.5 7.5 0 1 1-2.2-5.3", "M19.5 4v4.5H15"],
  locate: ["M12 18.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z", "M12 2.5v3", "M12 18.5v3", "M2.5 12h3", "M18.5 12h3"],
  stage: ["M4 5h16", "M6.5 10h11", "M9 15h6", "M11 20h2"],
  help: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M9.8 9.8a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.9-1.1 1.6", "M12 16.5h.01"],
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** The three arcs of a voice message; CSS lets them pulse while it plays. */
export function voiceArcs() {
  const svg = icon("mic");
  svg.setAttribute("class", "icon arcs");
  svg.replaceChildren();
  for (const d of ["M8.5 14.3a3.2 3.2 0 0 0 0-4.6", "M12 17.2a7.3 7.3 0 0 0 0-10.4", "M15.5 20a11.3 11.3 0 0 0 0-16"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const GLYPHS = new Map([["📍", "pin"], ["⚠", "alert"]]);

/** Text whose pictograms are drawn by us: not every system has a font for them. The words stay as they were sent. */
function drawn(text) {
  const pieces = document.createDocumentFragment();
  for (const piece of text.split(/(📍|⚠)\ufe0f?/u)) {
    const glyph = GLYPHS.get(piece);
    const hidden = () => el("span", { class: "visually-hidden" }, piece);
    pieces.append(glyph ? el("span", { class: `glyph glyph-${glyph}` }, icon(glyph), hidden()) : piece);
  }
  return pieces;
}

const LINK = /https?:\/\/[^\s<>"'，。；：！？、）】」]+/g;

/** What somebody wrote, as nodes: words, web addresses as links, pictograms. */
export function worded(text) {
  const pieces = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    pieces.append(drawn(text.slice(from, match.index)), link(match[0], match[0]));
    from = match.index + match[0].length;
  }
  pieces.append(drawn(text.slice(from)));
  return pieces;
}

/** A link, or plain text when the address is not of the web (javascript: and the like). */
export function link(address, text) {
  if (!/^https?:\/\//i.test(address)) return document.createTextNode(text);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}

export function toast(text) {
  const line = el("p", { class: "toast", dataset: { testid: "toast" } }, text);
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), 4500);
}

/** A dialog that is gone from the page once it is closed. */
export function openDialog(label, ...children) {
  const dialog = el("dialog", { class: "dialog", "aria-label": label }, ...children);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
