// A card: title, fields, quotation, lines, selectors, buttons; and what is left of it once it is closed.

import { el, icon, link, worded } from "./dom.js";

const TONES = { neutral: "clipboard", good: "check", alert: "alert" };
// The mark beside the title says it already.
const LEADING_MARK = /^⚠\ufe0f?\s*/u;
const LABELLED = /^([^\s：]{1,6}：)(.*)$/u;

export function card(entry, { pending, click }) {
  const { content, closing } = entry;
  const closed = closing !== null;
  const selectors = content.selects.map((select) => selector(select, closed));
  const chosen = () => Object.fromEntries(selectors.map(({ name, field }) => [name, field.value ? [field.value] : []]));
  const buttons = content.submit ? [...content.buttons, content.submit] : content.buttons;
  return el(
    "article",
    {
      class: `card tone-${content.tone}`,
      "aria-label": content.title,
      dataset: { testid: "card", cardId: content.card_id, closed: String(closed) },
    },
    el(
      "header",
      { class: "card-head" },
      el("span", { class: "card-mark" }, icon(TONES[content.tone])),
      el(
        "div",
        {},
        el("h3", {}, worded(content.tone === "alert" ? content.title.replace(LEADING_MARK, "") : content.title)),
        content.subtitle && el("p", { class: "card-subtitle" }, worded(content.subtitle)),
      ),
    ),
    content.fields.length > 0 && fieldList(content.fields),
    content.quote && el("blockquote", { class: "card-quote" }, worded(content.quote)),
    content.body && el("div", { class: "card-body" }, ...content.body.split("\n").map(bodyLine)),
    content.url && el("p", { class: "card-link" }, link(content.url, "查看详情 ›")),
    ...selectors.map(({ node }) => node),
    closed
      ? el("p", { class: "card-closing", dataset: { testid: "card-closing" } }, icon("check"), closing)
      : buttons.length > 0 && buttonRow(buttons, pending, (button) => click(entry, button, chosen())),
  );
}

/** Numbers stand close to what they number; words keep a column of one width over all cards. */
function fieldList(fields) {
  const numbered = fields.every(({ label }) => label.length === 1);
  return el("dl", { class: `card-fields${numbered ? " is-numbered" : ""}` }, ...fields.flatMap(row));
}

const row = ({ label, value }) => [el("dt", {}, worded(label)), el("dd", {}, worded(value))];

/** "卡在哪一步：…" has its label set apart. */
function bodyLine(line) {
  const [, label, rest] = LABELLED.exec(line) ?? [];
  return label ? el("p", {}, el("b", {}, label), worded(rest)) : el("p", {}, worded(line));
}

function selector(select, closed) {
  const field = el(
    "select",
    { disabled: closed, dataset: { testid: "card-select", name: select.name } },
    !select.selected && el("option", { value: "" }, "请选择"),
    ...select.options.map((option) =>
      el("option", { value: option.option_id, selected: option.option_id === select.selected }, option.text),
    ),
  );
  return { name: select.name, field, node: el("label", { class: "card-select" }, el("span", {}, select.title), field) };
}

/** The main answer has a row of its own; the others share what follows, up to three in a row. */
function buttonRow(buttons, pending, onPress) {
  const main = buttons.length > 2 ? buttons.filter((button) => button.style === "primary").length : 0;
  const others = buttons.length - main;
  const columns = main ? Math.min(3, Math.max(1, others)) : buttons.length;
  return el(
    "div",
    { class: "card-buttons", dataset: { columns: String(Math.min(3, columns)) } },
    ...buttons.map((button) =>
      el(
        "button",
        {
          type: "button",
          class: `card-button style-${button.style}${main && button.style === "primary" ? " is-wide" : ""}`,
          dataset: { testid: "card-button", action: button.action },
          disabled: pending !== undefined,
          "aria-busy": pending === button.action ? "true" : undefined,
          onclick: () => onPress(button),
        },
        pending === button.action && el("span", { class: "spinner", "aria-hidden": "true" }),
        button.text,
      ),
    ),
  );
}
