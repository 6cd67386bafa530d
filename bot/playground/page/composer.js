// The row at the foot of a phone: words, sound, pictures, files, a place.

import { el, icon, openDialog, toast } from "./dom.js";
import { Recorder } from "./recorder.js";

const MAX_FILE_BYTES = 20 * 1024 * 1024;
const PICKERS = [
  ["image", "图片", "image", "image/*"],
  ["voice", "录音", "audio", "audio/*,.amr,.silk,.opus,.m4a"],
  ["file", "文件", "file", ""],
];
const SAMPLE_PICTURES = [
  ["chat", "截图"],
  ["quotation", "报价单"],
];
const SAMPLE_QUESTION = "我们报85万，客户说竞品价格低15%，怎么回？";

export class Composer {
  #send;
  #recorder;

  constructor(send) {
    this.#send = send;
    this.input = el("textarea", {
      class: "composer-input",
      rows: "1",
      maxlength: "10000",
      placeholder: "说说这次拜访…",
      enterkeyhint: "send",
      dataset: { testid: "composer-input" },
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#typed(),
    });
    this.sendButton = el(
      "button",
      { class: "send", type: "submit", "aria-label": "发送", hidden: true, dataset: { testid: "send" } },
      icon("send"),
    );
    this.moreButton = el(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "更多",
        "aria-expanded": "false",
        dataset: { testid: "more" },
        onclick: () => this.#toggleTray(),
      },
      icon("plus"),
    );
    this.sample = el(
      "button",
      { class: "chip chip-strong", type: "button", dataset: { testid: "sample-voice" }, onclick: () => this.sendSample() },
      icon("play"),
      "示例语音",
    );
    this.samplePictures = SAMPLE_PICTURES.map(([name, label]) =>
      el(
        "button",
        { class: "chip", type: "button", title: `发一张示例${label}`, dataset: { testid: `sample-${name}`, name }, onclick: () => this.#send.sendSamplePicture(name) },
        icon("image"),
        label,
      ),
    );
    this.question = chip("sample-question", "clipboard", "怎么回", () => this.#send.sendText(SAMPLE_QUESTION));
    this.tray = el("div", { class: "tray", hidden: true }, ...PICKERS.map((picker) => this.#picker(...picker)), this.#placeTile());
    this.#recorder = new Recorder((sound, name, lengthMs) => this.#send.sendFile("voice", sound, name, lengthMs));
    this.row = el("div", { class: "composer-row" }, this.#recorder.button, this.input, this.sendButton, this.moreButton, this.#recorder.panel);
    this.node = el(
      "form",
      { class: "composer", onsubmit: (event) => (event.preventDefault(), this.#submit()) },
      el(
        "div",
        { class: "chips" },
        this.sample,
        ...this.samplePictures,
        this.question,
        chip("help", "help", "帮助", () => this.#send.sendText("帮助")),
        chip("location-chip", "pin", "位置", () => this.#send.openLocation()),
      ),
      this.row,
      this.tray,
    );
  }

  reset(person, { sampleVoice, samplePictures }) {
    this.sample.hidden = !sampleVoice;
    for (const button of this.samplePictures) button.hidden = !samplePictures.includes(button.dataset.name);
    this.question.hidden = person.role !== "sales";
    this.input.placeholder = person.role === "sales" ? "说说这次拜访…" : "发消息…";
    this.input.setAttribute("aria-label", `以${person.name}的身份发消息`);
    this.#recorder.cancel();
  }

  sendSample() {
    this.#send.sendSample();
  }

  sendFiles(files, kind) {
    for (const file of files) {
      if (file.size > MAX_FILE_BYTES) toast(`「${file.name}」超过 20 MB，无法发送。`);
      else this.#send.sendFile(kind ?? kindOf(file), file, file.name);
    }
    this.#toggleTray(false);
  }

  #submit() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.#typed();
    this.#send.sendText(text);
  }

  #key(event) {
    // While an input method composes, Enter picks a word; keyCode 229 is how Safari says so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #typed() {
    const empty = this.input.value.trim() === "";
    this.sendButton.hidden = empty;
    this.moreButton.hidden = !empty;
    this.input.style.blockSize = "auto";
    this.input.style.blockSize = `${Math.min(this.input.scrollHeight, 116)}px`;
  }

  #toggleTray(open = this.tray.hidden) {
    this.tray.hidden = !open;
    this.moreButton.setAttribute("aria-expanded", String(open));
  }

  #picker(kind, label, iconName, accept) {
    const field = el("input", {
      type: "file",
      accept,
      multiple: true,
      class: "visually-hidden",
      dataset: { testid: `upload-${kind}` },
      "aria-label": `选择${label}`,
      onchange: () => {
        this.sendFiles(field.files, kind === "file" ? undefined : kind);
        field.value = "";
      },
    });
    return el("label", { class: "tile" }, field, el("span", { class: "tile-icon" }, icon(iconName)), label);
  }

  #placeTile() {
    return el(
      "button",
      { class: "tile", type: "button", dataset: { testid: "location-open" }, onclick: () => (this.#toggleTray(false), this.#send.openLocation()) },
      el("span", { class: "tile-icon" }, icon("pin")),
      "位置",
    );
  }
}

const chip = (testid, iconName, label, onclick) =>
  el("button", { class: "chip", type: "button", dataset: { testid }, onclick }, icon(iconName), label);

/** A field of degrees, between -most and most. */
const degrees = (name, most, value) =>
  el("input", {
    name,
    type: "number",
    step: "any",
    min: String(-most),
    max: String(most),
    required: true,
    value,
    dataset: { testid: `location-${name}` },
  });

function kindOf(file) {
  if (file.type.startsWith("image/")) return "image";
  if (file.type.startsWith("audio/") || /\.(amr|silk|opus|m4a)$/i.test(file.name)) return "voice";
  return file.type.startsWith("video/") ? "video" : "file";
}

/** A place the person picks: {latitude, longitude, label}, or null when they think better of it. */
export function askLocation() {
  return new Promise((resolve) => {
    const label = el("input", {
      name: "label",
      value: "宁波市鄞州区 · 恒力阀门厂区",
      maxlength: "200",
      dataset: { testid: "location-label" },
    });
    const latitude = degrees("latitude", 90, "29.81668");
    const longitude = degrees("longitude", 180, "121.54789");
    let place = null;
    const here = el("button", { class: "link-button", type: "button", onclick: () => locate() }, icon("locate"), "用我现在的位置");
    const form = el(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          place = { label: label.value.trim(), latitude: Number(latitude.value), longitude: Number(longitude.value) };
          dialog.close();
        },
      },
      el("h2", {}, "发送位置"),
      el("label", {}, "地点", label),
      el("div", { class: "pair" }, el("label", {}, "纬度", latitude), el("label", {}, "经度", longitude)),
      "geolocation" in navigator && here,
      el(
        "div",
        { class: "dialog-buttons" },
        el("button", { class: "plain", type: "button", onclick: () => dialog.close() }, "取消"),
        el("button", { class: "main", type: "submit", dataset: { testid: "location-send" } }, "发送"),
      ),
    );
    const dialog = openDialog("发送位置", form);
    dialog.addEventListener("close", () => resolve(place));

    function locate() {
      here.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          here.disabled = false;
          latitude.value = coords.latitude.toFixed(6);
          longitude.value = coords.longitude.toFixed(6);
          label.value = "我的位置";
        },
        () => {
          here.disabled = false;
          toast("没有取到位置，请手动填写。");
        },
        { timeout: 10_000 },
      );
    }
  });
}
