// The whole page: two phones and the log beside each other, or one at a time behind tabs where it is narrow.

import { follow } from "./api.js";
import { el, icon } from "./dom.js";
import { LogPanel } from "./logpanel.js";
import { Phone, roleName } from "./phone.js";
import { useZone } from "./times.js";

const PREFERRED = ["sales", "manager"];
const CONNECTION = { open: "实时连接", connecting: "正在重新连接…" };

const stage = document.getElementById("stage");
const tabList = document.getElementById("tabs");
const narrow = matchMedia("(max-width: 819px)");

let people = [];
let conversations = new Map();
let options = {};
let active = 0;
const unread = new Map();
const tabUnread = [0, 0, 0];

const log = new LogPanel(2);
const phones = PREFERRED.map((_, index) => new Phone(index, { onPick: (userId) => pick(index, userId), onUnread: () => countUnread(index) }));
const panels = [...phones.map((phone) => phone.node), log.node];
stage.append(...panels);

const tabs = panels.map((panel, index) =>
  el(
    "button",
    {
      type: "button",
      role: "tab",
      class: "tab",
      id: `tab-${index}`,
      "aria-controls": panel.id,
      dataset: { testid: `tab-${index}` },
      onclick: () => activate(index),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined) return;
        activate((index + step + tabs.length) % tabs.length);
        tabs[active].focus();
      },
    },
    el("span", { class: "tab-name" }, index === 2 ? "日志" : ""),
    el("span", { class: "badge", hidden: true }),
  ),
);
tabList.append(...tabs);

function activate(index) {
  active = index;
  tabUnread[index] = 0;
  drawTabs();
}

function drawTabs() {
  tabs.forEach((tab, index) => {
    tab.setAttribute("aria-selected", String(index === active));
    tab.tabIndex = index === active ? 0 : -1;
    const badge = tab.querySelector(".badge");
    badge.hidden = tabUnread[index] === 0;
    badge.textContent = String(tabUnread[index]);
    const person = phones[index]?.person;
    if (person) tab.querySelector(".tab-name").textContent = `${roleName(person)} ${person.name}`;
  });
  panels.forEach((panel, index) => panel.classList.toggle("is-active", index === active));
}

function countUnread(index) {
  if (!narrow.matches || index === active) return;
  tabUnread[index] += 1;
  drawTabs();
}

// Whose phones

const stored = (index) => localStorage.getItem(`playground.phone.${index}`);

function firstChoice(index) {
  const taken = phones.slice(0, index).map((phone) => phone.person?.user_id);
  const free = people.filter((person) => !taken.includes(person.user_id));
  return (
    free.find((person) => person.user_id === stored(index)) ?? free.find((person) => person.role === PREFERRED[index]) ?? free[0] ?? null
  );
}

function pick(index, userId) {
  const other = phones.findIndex((phone, at) => at !== index && phone.person?.user_id === userId);
  const previous = phones[index].person;
  showOn(index, userId);
  if (other >= 0) showOn(other, previous.user_id); // the two phones change hands
}

function showOn(index, userId) {
  localStorage.setItem(`playground.phone.${index}`, userId);
  const person = people.find((one) => one.user_id === userId);
  phones[index].show(person, people, [...conversations.get(userId).values()], options);
  unread.delete(userId);
  drawTabs();
  phones.forEach((phone) => phone.showUnread(unread));
}

// What the bot tells

const handlers = {
  snapshot(state) {
    people = state.people;
    useZone(state.timezone);
    options = { sampleVoice: state.sample_voice, samplePictures: state.sample_pictures };
    conversations = new Map(
      Object.entries(state.conversations).map(([userId, entries]) => [userId, new Map(entries.map((entry) => [entry.entry_id, entry]))]),
    );
    log.replace(state.log);
    phones.forEach((phone, index) => {
      const person = firstChoice(index);
      phone.node.hidden = person === null;
      tabs[index].hidden = person === null;
      if (person) phone.show(person, people, [...conversations.get(person.user_id).values()], options);
    });
    drawTabs();
    document.body.dataset.ready = "true";
  },
  entry(entry) {
    conversations.get(entry.user_id)?.set(entry.entry_id, entry);
    const phone = phones.find(({ person }) => person?.user_id === entry.user_id);
    if (phone) return phone.receive(entry);
    if (entry.side !== "bot") return undefined;
    unread.set(entry.user_id, (unread.get(entry.user_id) ?? 0) + 1);
    return phones.forEach((shown) => shown.person && shown.showUnread(unread));
  },
  log: (entry) => log.add(entry),
};

follow({
  onEvent: (topic, body) => handlers[topic](body),
  onState: (state) => {
    const line = document.querySelector(".connection");
    line.dataset.state = state;
    line.textContent = CONNECTION[state];
  },
});

// Theme

const themeButton = document.getElementById("theme-toggle");
const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function drawTheme() {
  themeButton.replaceChildren(icon(isDark() ? "sun" : "moon"));
  themeButton.setAttribute("aria-label", isDark() ? "切换到浅色" : "切换到深色");
}

themeButton.addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("playground.theme", theme);
  drawTheme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTheme);

drawTheme();
drawTabs();
setInterval(() => phones.forEach((phone) => phone.tick()), 10_000);
// A file dropped beside a phone must not replace the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
