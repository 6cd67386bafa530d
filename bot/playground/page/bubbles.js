// What one message looks like.

import { mediaUrl } from "./api.js";
import { card } from "./card.js";
import { el, icon, worded, openDialog, toast, voiceArcs } from "./dom.js";
import { duration } from "./times.js";

const NEEDS_WAV = new Set(["amr", "silk"]);

/** The bubble of an entry; `actions` is what its buttons may do: {click(button, chosen)}, `pending` the action under way. */
export function bubble(entry, { pending, click }) {
  const { content } = entry;
  switch (content.kind) {
    case "text":
      return el("div", { class: "bubble" }, worded(content.text));
    case "voice":
      return voice(content);
    case "image":
      return image(content);
    case "video":
      return el("div", { class: "bubble bubble-media" }, el("video", { src: mediaUrl(content.media_ref), controls: true, preload: "metadata" }));
    case "file":
      return file(content);
    case "location":
      return location(content);
    case "card":
      return card(entry, { pending, click });
    default:
      return el("div", { class: "bubble" }, `［${content.kind}］`);
  }
}

let playing = null;

function voice(content) {
  const address = mediaUrl(content.media_ref) + (NEEDS_WAV.has(content.media_format) ? "?as=wav" : "");
  const length = content.duration_ms ? duration(content.duration_ms) : "";
  const button = el(
    "button",
    { class: "bubble bubble-voice", type: "button", "aria-label": `播放语音 ${length}`, onclick: () => toggle() },
    el("span", { class: "voice-length" }, length || "语音"),
    voiceArcs(),
  );
  const seconds = Math.min(60, (content.duration_ms ?? 4000) / 1000);
  button.style.inlineSize = `${92 + seconds * 1.9}px`;
  const heard = content.platform_transcript;
  const node = heard ? el("div", { class: "bubble-heard" }, button, el("p", {}, el("b", {}, "钉钉转写"), heard)) : button;

  function toggle() {
    if (playing?.button === button) return playing.stop();
    playing?.stop();
    const sound = new Audio(address);
    const stop = () => {
      sound.pause();
      button.classList.remove("is-playing");
      if (playing?.button === button) playing = null;
    };
    playing = { button, stop };
    button.classList.add("is-playing");
    sound.addEventListener("ended", stop);
    sound.play().catch((error) => {
      stop();
      if (error.name !== "AbortError") toast("这段语音无法在浏览器里播放。");
    });
  }
  return node;
}

function image(content) {
  const address = mediaUrl(content.media_ref);
  const picture = el("img", { src: address, alt: "图片", loading: "lazy" });
  const button = el("button", { class: "bubble bubble-image", type: "button", "aria-label": "放大图片" }, picture);
  picture.addEventListener("error", () => button.replaceChildren(el("span", { class: "broken" }, icon("image"), "图片无法显示")));
  button.addEventListener("click", () => {
    const dialog = openDialog("图片", el("img", { src: address, alt: "图片原图" }));
    dialog.classList.add("lightbox");
    dialog.addEventListener("click", () => dialog.close());
  });
  return button;
}

function file(content) {
  return el(
    "a",
    { class: "bubble bubble-file", href: mediaUrl(content.media_ref), download: content.file_name ?? "" },
    el("span", { class: "file-name" }, content.file_name ?? "文件"),
    el("span", { class: "file-icon" }, icon("file")),
  );
}

function location(content) {
  return el(
    "div",
    { class: "bubble bubble-location" },
    el("strong", {}, content.label || "我的位置"),
    el("small", {}, `${content.latitude.toFixed(5)}, ${content.longitude.toFixed(5)}`),
    el("span", { class: "map", "aria-hidden": "true" }, icon("pin")),
  );
}
