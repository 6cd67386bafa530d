// One phone: whose it is, the chat with the assistant, and what can be sent from it.

import { newMessageId, postFile, postMessage, SendFailed } from "./api.js";
import { bubble } from "./bubbles.js";
import { askLocation, Composer } from "./composer.js";
import { el, icon, toast } from "./dom.js";
import { chatTime, clockTime } from "./times.js";

const ROLES = { sales: "销售", manager: "主管", director: "总监", admin: "管理员", colleague: "协作人" };
const WELCOME = {
  sales: {
    title: "刚拜访完客户？说给我听就行",
    words: "说一段语音、打一行字、发截图或位置，我来整理成拜访记录，你点一下确认。",
  },
  others: {
    title: "需要你处理的事会出现在这里",
    words: "销售确认的记录里有风险信号时，你会收到卡片，可直接点按钮处理。",
  },
};
const SKINS = {
  wecom: { name: "企业微信", status: "企业应用 · 内部" },
  dingtalk: { name: "钉钉", status: "机器人 · 企业内部" },
};
const DIVIDER_AFTER_MS = 5 * 60_000;
const CLICK_WAITS_MS = 15_000;
// After the bot's answer a card that stays open gets its buttons back; one that closes does so within this time.
const CARD_SETTLES_MS = 1_500;
const TYPING_MS = 60_000;
const LONG_TYPING_MS = 180_000;

export const roleName = (person) => ROLES[person.role] ?? person.role;

export class Phone {
  #people = [];
  #person = null;
  #entries = new Map();
  #clicks = new Map();
  #typingTimer = null;
  #onPick;
  #onUnread;
  #pinned = true;
  #lastTop = 0;

  constructor(index, { onPick, onUnread }) {
    this.#onPick = onPick;
    this.#onUnread = onUnread;
    this.picker = el("select", {
      dataset: { testid: "person" },
      "aria-label": "切换成员",
      onchange: () => this.#onPick(this.picker.value),
    });
    this.rolePill = el("span", { class: "role-pill" });
    this.skinName = el("span", { class: "skin-name", dataset: { testid: "skin" } });
    this.clock = el("span");
    this.status = el("p", { class: "chat-status", "aria-live": "polite" });
    this.list = el("ol", {
      class: "messages",
      role: "log",
      "aria-live": "polite",
      tabindex: "0",
      dataset: { testid: "messages" },
    });
    this.typing = el(
      "div",
      { class: "typing", hidden: true, "aria-hidden": "true" },
      botAvatar(),
      el("span", { class: "bubble" }, el("i"), el("i"), el("i")),
    );
    this.jump = el(
      "button",
      { class: "jump", type: "button", hidden: true, onclick: () => this.#toEnd("smooth") },
      icon("down"),
      "新消息",
    );
    this.scroller = el("div", { class: "scroller", onscroll: () => this.#scrolled() }, this.list, this.typing);
    this.composer = new Composer({
      sendText: (text) => this.#send({ kind: "text", text }, { text }),
      sendFile: (kind, file, name, length_ms) => this.#sendFile(kind, file, name, length_ms),
      sendSamplePicture: (name) => this.#send({ kind: "image", media_ref: "" }, { sample: name }),
      sendSample: () => this.#send({ kind: "voice", media_ref: "" }, { sample: "visit" }),
      openLocation: async () => {
        const place = await askLocation();
        if (place) this.#send({ kind: "location", ...place }, { location: place });
      },
    });
    this.node = el(
      "section",
      { class: "panel panel-phone", id: `panel-${index}`, dataset: { testid: "phone", index: String(index) } },
      el("div", { class: "panel-head" }, this.rolePill, el("label", { class: "picker" }, this.picker), this.skinName),
      el(
        "div",
        { class: "phone" },
        el(
          "div",
          { class: "phone-status", "aria-hidden": "true" },
          this.clock,
          el("span", { class: "phone-notch" }),
          el("span", { class: "phone-signal" }, el("i"), el("i"), el("i"), el("b")),
        ),
        el(
          "header",
          { class: "chat-head" },
          el("span", { class: "chat-side", "aria-hidden": "true" }, icon("back")),
          el("div", { class: "chat-title" }, el("h2", {}, "拜访助手"), this.status),
          el("span", { class: "chat-side", "aria-hidden": "true" }, icon("more")),
        ),
        el("div", { class: "scroll-frame" }, this.scroller, this.jump),
        this.composer.node,
      ),
    );
    this.#acceptDrops();
    this.#keepPinned();
    this.tick();
  }

  get person() {
    return this.#person;
  }

  tick() {
    this.clock.textContent = clockTime(new Date());
  }

  /** Show this person's conversation from the start. */
  show(person, people, entries, { sampleVoice, samplePictures }) {
    // After a broken connection, what has not been sent yet stays where it is.
    const unsent = this.#person?.user_id === person.user_id ? [...this.#entries.values()].filter(({ local }) => local) : [];
    this.#people = people;
    this.#person = person;
    this.#entries.clear();
    this.#clicks.clear();
    this.#stopTyping();
    this.list.replaceChildren();
    this.node.dataset.user = person.user_id;
    this.node.dataset.skin = person.skin;
    this.skinName.textContent = SKINS[person.skin].name;
    // Where all phones are alike there is nothing to tell apart.
    this.skinName.hidden = people.every(({ skin }) => skin === person.skin);
    this.node.setAttribute("aria-label", `${person.name}的手机`);
    this.rolePill.textContent = roleName(person);
    this.rolePill.dataset.role = person.role;
    const isRep = person.role === "sales";
    this.composer.reset(person, { sampleVoice: sampleVoice && isRep, samplePictures: isRep ? samplePictures : [] });
    this.showUnread(new Map());
    for (const entry of entries) this.#put(entry);
    for (const { entry } of unsent) if (!this.#entries.has(entry.entry_id)) this.#put(entry);
    for (const row of this.list.children) row.classList.remove("is-new");
    this.#showEmpty();
    this.#toEnd("instant");
  }

  /** The other people in the picker, with how much each has not read. */
  showUnread(counts) {
    this.picker.replaceChildren(
      ...this.#people.map((person) => {
        const count = counts.get(person.user_id) ?? 0;
        const shown = person === this.#person;
        const label = shown ? person.name : `${person.name} · ${roleName(person)}${count ? `（${count} 条新消息）` : ""}`;
        return el("option", { value: person.user_id, selected: shown }, label);
      }),
    );
  }

  /** An entry that is new, or takes the place of what was shown of it. */
  receive(entry) {
    const fresh = !this.#entries.has(entry.entry_id) || this.#entries.get(entry.entry_id).local;
    this.#put(entry);
    this.#showEmpty();
    if (entry.side === "bot") {
      if (fresh) this.#onUnread();
      this.#answered(entry, fresh);
    } else if (fresh && entry.content.kind !== "card_click") {
      this.#startTyping(TYPING_MS);
    }
    if (this.#pinned || entry.side === "person") this.#toEnd("smooth");
    else if (fresh) this.jump.hidden = false;
  }

  // What is shown

  #put(entry) {
    const old = this.#entries.get(entry.entry_id);
    const shown = { entry, local: entry.local ?? null, node: null };
    this.#entries.set(entry.entry_id, shown);
    if (entry.content.kind === "card_click") return;
    shown.node = this.#row(shown);
    if (old?.node) {
      if (old.entry.order === entry.order) return this.#swap(old.node, shown.node);
      old.node.remove();
    }
    const later = [...this.list.children].find((node) => Number(node.dataset.order) > entry.order);
    this.list.insertBefore(shown.node, later ?? null);
    this.#divide(shown.node);
    if (later) this.#divide(later);
  }

  #swap(oldNode, node) {
    oldNode.replaceWith(node);
    this.#divide(node);
  }

  #row(shown) {
    const { entry, local } = shown;
    const isOwn = entry.side === "person";
    const pending = this.#clicks.get(entry.content.card_id)?.action;
    const content = bubble(entry, { pending, click: (...pressed) => this.#click(...pressed) });
    return el(
      "li",
      {
        class: `row ${isOwn ? "row-own" : "row-bot"}${entry.content.kind === "card" ? " row-card" : ""}${local ? ` is-${local}` : " is-new"}`,
        dataset: { testid: "message", side: entry.side, kind: entry.content.kind, entryId: entry.entry_id, order: String(entry.order), at: entry.at },
      },
      el(
        "div",
        { class: "row-line" },
        isOwn ? personAvatar(this.#person) : botAvatar(),
        el("span", { class: "visually-hidden" }, `${isOwn ? this.#person.name : "拜访助手"}，${clockTime(new Date(entry.at))}：`),
        content,
        local === "sending" && el("span", { class: "spinner", role: "status", "aria-label": "正在发送" }),
        local === "failed" &&
          el(
            "button",
            {
              class: "retry",
              type: "button",
              "aria-label": "发送失败，重发",
              title: "发送失败，点一下重发",
              dataset: { testid: "retry" },
              onclick: () => entry.again(),
            },
            icon("retry"),
          ),
      ),
    );
  }

  /** A time stands above a message that comes a while after the one before. */
  #divide(node) {
    node.querySelector(":scope > .divider")?.remove();
    const at = new Date(node.dataset.at);
    const before = node.previousElementSibling;
    if (before && at - new Date(before.dataset.at) < DIVIDER_AFTER_MS) return;
    node.prepend(el("time", { class: "divider", datetime: node.dataset.at }, chatTime(at)));
  }

  #showEmpty() {
    const empty = this.scroller.querySelector(".empty");
    if ([...this.#entries.values()].some(({ node }) => node)) return empty?.remove();
    if (empty) empty.remove();
    const { title, words } = WELCOME[this.#person.role === "sales" ? "sales" : "others"];
    this.scroller.prepend(
      el(
        "div",
        { class: "empty", dataset: { testid: "empty" } },
        botAvatar(),
        el("strong", {}, title),
        el("p", {}, words),
        !this.composer.sample.hidden &&
          el(
            "button",
            { class: "empty-action", type: "button", onclick: () => this.composer.sendSample() },
            icon("play"),
            "发一段示例语音试试",
          ),
      ),
    );
  }

  // Sending

  #send(content, body) {
    const messageId = newMessageId();
    return this.#deliver(messageId, content, (userId) => postMessage(userId, messageId, body));
  }

  #sendFile(kind, file, name, lengthMs) {
    const messageId = newMessageId();
    const content = { kind, media_ref: "", file_name: name, duration_ms: lengthMs ?? null };
    return this.#deliver(messageId, content, (userId) => postFile(userId, messageId, kind, file, name));
  }

  /** Show it at once, then send it; where that fails, one press sends the same message again. */
  async #deliver(messageId, content, request) {
    const userId = this.#person.user_id;
    const entry = {
      side: "person",
      entry_id: `${userId}:${messageId}`,
      user_id: userId,
      order: Number.MAX_SAFE_INTEGER - 1_000_000 + this.#entries.size,
      at: new Date().toISOString(),
      content: content.media_ref === "" ? { kind: "text", text: waitingText(content) } : content,
    };
    const attempt = async () => {
      this.#putLocal(entry, "sending");
      try {
        await request(userId);
      } catch (error) {
        if (!(error instanceof SendFailed)) throw error;
        if (this.#isLocal(entry)) this.#putLocal(entry, "failed");
        toast(error.message);
      }
    };
    entry.again = attempt;
    await attempt();
  }

  #isLocal(entry) {
    return this.#person.user_id === entry.user_id && Boolean(this.#entries.get(entry.entry_id)?.local);
  }

  #putLocal(entry, local) {
    if (this.#person.user_id !== entry.user_id || this.#entries.get(entry.entry_id)?.local === null) return;
    this.#put({ ...entry, local });
    this.#showEmpty();
    this.#toEnd("smooth");
  }

  async #click(entry, button, chosen) {
    const cardId = entry.content.card_id;
    if (this.#clicks.has(cardId)) return;
    const known = [...this.#entries.values()].filter(({ local }) => !local);
    const click = { action: button.action, order: Math.max(0, ...known.map((shown) => shown.entry.order)) };
    this.#clicks.set(cardId, click);
    this.#redrawCard(cardId);
    setTimeout(() => this.#release(cardId, click), CLICK_WAITS_MS);
    try {
      await postMessage(entry.user_id, newMessageId(), { click: { card_id: cardId, action: button.action, chosen } });
    } catch (error) {
      if (!(error instanceof SendFailed)) throw error;
      this.#release(cardId, click);
      toast(error.message);
    }
  }

  #release(cardId, click) {
    if (this.#clicks.get(cardId) !== click) return;
    this.#clicks.delete(cardId);
    this.#redrawCard(cardId);
  }

  #redrawCard(cardId) {
    for (const shown of this.#entries.values()) {
      if (shown.entry.content.kind !== "card" || shown.entry.content.card_id !== cardId) continue;
      const node = this.#row(shown);
      node.classList.remove("is-new");
      const picked = [...shown.node.querySelectorAll("select")].map((field) => field.value);
      node.querySelectorAll("select").forEach((field, index) => (field.value = picked[index]));
      this.#swap(shown.node, node);
      shown.node = node;
    }
  }

  #answered(entry, fresh) {
    const isReceipt = fresh && entry.content.kind === "text" && entry.content.text.trimEnd().endsWith("…");
    if (isReceipt) this.#startTyping(LONG_TYPING_MS);
    else this.#stopTyping();
    for (const [cardId, click] of this.#clicks) {
      if (entry.content.card_id === cardId && entry.closing !== null) this.#clicks.delete(cardId);
      else if (entry.order > click.order) setTimeout(() => this.#release(cardId, click), CARD_SETTLES_MS);
    }
  }

  #startTyping(longestMs) {
    clearTimeout(this.#typingTimer);
    this.typing.hidden = false;
    this.status.textContent = "正在输入…";
    this.#typingTimer = setTimeout(() => this.#stopTyping(), longestMs);
  }

  #stopTyping() {
    clearTimeout(this.#typingTimer);
    this.typing.hidden = true;
    this.status.textContent = SKINS[this.#person.skin].status;
  }

  // Scrolling

  #isAtEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 120;
  }

  /** Reading further up unpins the list; what grows or shrinks by itself (a picture, the tray) does not. */
  #scrolled() {
    const { scrollTop } = this.scroller;
    if (this.#isAtEnd()) {
      this.#pinned = true;
      this.jump.hidden = true;
    } else if (scrollTop < this.#lastTop - 2) {
      this.#pinned = false;
    }
    this.#lastTop = scrollTop;
  }

  #keepPinned() {
    const observer = new ResizeObserver(() => this.#pinned && this.#toEnd("instant"));
    for (const node of [this.scroller, this.list, this.typing]) observer.observe(node);
  }

  #toEnd(behavior) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: calm ? "instant" : behavior }));
    this.#pinned = true;
    this.jump.hidden = true;
  }

  #acceptDrops() {
    const phone = this.node.querySelector(".phone");
    let depth = 0;
    const mark = (change) => phone.classList.toggle("is-dropping", (depth = Math.max(0, depth + change)) > 0);
    phone.addEventListener("dragenter", (event) => (event.preventDefault(), mark(1)));
    phone.addEventListener("dragleave", () => mark(-1));
    phone.addEventListener("dragover", (event) => event.preventDefault());
    phone.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(-depth);
      this.composer.sendFiles(event.dataTransfer.files);
    });
    phone.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      this.composer.sendFiles(event.clipboardData.files);
    });
  }
}

const waitingText = ({ kind, file_name: name }) =>
  ({ voice: "［语音］", image: "［图片］", video: "［视频］" })[kind] ?? `［文件］${name ?? ""}`;

const botAvatar = () => el("img", { class: "avatar", src: "/playground/page/icon.svg", alt: "", width: "36", height: "36" });

function personAvatar(person) {
  const hue = [...person.user_id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const avatar = el("span", { class: "avatar avatar-person", "aria-hidden": "true" }, person.name.slice(-2));
  avatar.style.setProperty("--hue", String(hue));
  return avatar;
}
