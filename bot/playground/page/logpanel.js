// What goes on behind the chat: events with their times and ids, never with words.

import { el, icon } from "./dom.js";
import { preciseTime } from "./times.js";

const KEPT_LINES = 400;
const UUID = /([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
// The first of these found among an event's parts says in Chinese what it is about, and gives it its colour.
const MEANINGS = [
  ["failed", "失败", "bad"],
  ["parked", "待人工", "bad"],
  ["crashed", "异常", "bad"],
  ["error", "异常", "bad"],
  ["refused", "被拒", "bad"],
  ["rejected", "被拒", "bad"],
  ["lost", "断开", "bad"],
  ["postponed", "稍后发送", "warn"],
  ["retry", "稍后重试", "warn"],
  ["escalation", "升级", "warn"],
  ["received", "收到", "in"],
  ["kept", "已落库", "in"],
  ["merged", "合并发送", "out"],
  ["listening", "已启动", "plain"],
  ["reclaimed", "接手任务", "work"],
  ["transcribing", "转写中", "work"],
  ["transcribed", "已转写", "work"],
  ["heard", "已转写", "work"],
  ["compared", "已对照", "work"],
  ["taken", "已整理", "work"],
  ["answered", "已答", "work"],
  ["pressed", "点按钮", "in"],
  ["speech", "语音", "work"],
  ["draft", "记录卡", "work"],
  ["visit", "拜访", "work"],
  ["todo", "待办", "work"],
  ["card_closed", "卡片关闭", "out"],
  ["sent", "已送达", "out"],
  ["outbox", "待发送", "out"],
  ["sender", "发送", "out"],
  ["inbox", "收件", "in"],
  ["work", "处理", "work"],
  ["job", "任务", "work"],
];

export class LogPanel {
  #shown = new Set();

  constructor(index) {
    this.lines = el("ol", { class: "log-lines", role: "log", "aria-live": "off", "aria-label": "机器人日志", tabindex: "0" });
    this.node = el(
      "section",
      { class: "panel panel-log", id: `panel-${index}`, "aria-label": "机器人日志", dataset: { testid: "log" } },
      el(
        "div",
        { class: "panel-head" },
        el("span", { class: "role-pill", dataset: { role: "bot" } }, "机器人"),
        el("p", { class: "panel-note" }, "只记事件、编号和时间，不记内容"),
      ),
      el(
        "div",
        { class: "log" },
        el("header", { class: "log-head" }, icon("stage"), el("h2", {}, "处理过程"), el("span", { class: "log-live" }, "实时")),
        this.lines,
        el("p", { class: "log-empty" }, "发一条消息，这里会逐步显示：收到、落库、处理、送达。"),
      ),
    );
  }

  replace(entries) {
    this.#shown.clear();
    this.lines.replaceChildren();
    for (const entry of entries) this.add(entry);
  }

  add(entry) {
    if (this.#shown.has(entry.log_id)) return;
    this.#shown.add(entry.log_id);
    const atEnd = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 60;
    this.lines.append(line(entry));
    while (this.lines.children.length > KEPT_LINES) this.lines.firstElementChild.remove();
    if (atEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }
}

function line({ at, event, fields }) {
  const [, meaning, tone] = meaningOf(event) ?? [null, "", "plain"];
  return el(
    "li",
    { class: `log-line tone-${tone}`, dataset: { testid: "log-line", event } },
    el("time", { datetime: at }, preciseTime(new Date(at))),
    el("div", {}, el("b", {}, event), meaning && el("em", {}, meaning), ...Object.entries(fields).map(field)),
  );
}

function meaningOf(event) {
  const parts = event.split(".");
  return MEANINGS.find(([part]) => parts.some((piece) => piece === part || piece.split("_").includes(part)));
}

function field([name, value]) {
  const text = String(value);
  const named = text.replace(UUID, "$1");
  const short = named.length > 34 ? `${named.slice(0, 20)}…${named.slice(-10)}` : named;
  return el("span", { class: "log-field", title: `${name} = ${text}` }, el("i", {}, name), short);
}
