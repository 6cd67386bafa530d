// Recording: hold the button and let go to send, or press it once and press 发送.

import { el, icon, toast } from "./dom.js";

const HOLD_MS = 350;
const CANCEL_ABOVE_PX = 60;
const SHORTEST_MS = 600;
const LONGEST_MS = 300_000;
const BARS = 24;
const FORMATS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
];

export class Recorder {
  #onSound;
  #take = null;

  constructor(onSound) {
    this.#onSound = onSound;
    this.button = el(
      "button",
      {
        class: "icon-button record",
        type: "button",
        "aria-label": "录音：按住说话，或点一下开始",
        title: "按住说话，或点一下开始",
        dataset: { testid: "record" },
      },
      icon("mic"),
    );
    this.time = el("span", { class: "record-time", dataset: { testid: "record-time" } }, "0:00");
    this.hint = el("span", { class: "record-hint" });
    this.bars = Array.from({ length: BARS }, () => el("i"));
    this.panel = el(
      "div",
      { class: "record-panel", hidden: true, role: "group", "aria-label": "正在录音", dataset: { testid: "record-panel" } },
      el("button", { class: "record-cancel", type: "button", "aria-label": "取消录音", dataset: { testid: "record-cancel" }, onclick: () => this.cancel() }, icon("close")),
      el("span", { class: "record-dot", "aria-hidden": "true" }),
      this.time,
      el("span", { class: "record-bars", "aria-hidden": "true" }, ...this.bars),
      this.hint,
      el("button", { class: "record-send", type: "button", dataset: { testid: "record-send" }, onclick: () => this.#finish() }, "发送"),
    );
    this.#listen();
  }

  cancel() {
    if (this.#take) this.#take.wanted = false;
    this.#finish();
  }

  #listen() {
    let pressedAt = null;
    let pressedY = 0;
    const above = (event) => pressedY - event.clientY > CANCEL_ABOVE_PX;
    this.button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.button.setPointerCapture(event.pointerId);
      [pressedAt, pressedY] = [performance.now(), event.clientY];
      this.#start();
    });
    this.button.addEventListener("pointermove", (event) => {
      if (pressedAt === null) return;
      this.panel.classList.toggle("is-cancelling", above(event));
      this.hint.textContent = above(event) ? "松开取消" : "上滑取消";
    });
    this.button.addEventListener("pointerup", (event) => {
      if (pressedAt === null) return;
      const held = performance.now() - pressedAt > HOLD_MS;
      pressedAt = null;
      this.hint.textContent = "";
      this.panel.classList.remove("is-cancelling");
      if (held && above(event)) this.cancel();
      else if (held) this.#finish();
      else this.panel.classList.add("is-free");
    });
    this.button.addEventListener("pointercancel", () => {
      pressedAt = null;
      this.cancel();
    });
    // Keyboards make a click without a pointer before it.
    this.button.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      this.panel.classList.add("is-free");
      this.#start();
    });
    this.panel.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
  }

  async #start() {
    if (this.#take) return;
    const take = { wanted: true, done: false, recorder: null };
    this.#take = take;
    this.#show(true);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
    } catch {
      toast("没有麦克风权限，可以改为上传录音文件。");
      return this.#end(take);
    }
    if (take.done) return stream.getTracks().forEach((track) => track.stop());
    this.#record(take, stream);
  }

  #record(take, stream) {
    const [mimeType, suffix] = FORMATS.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ["", "webm"];
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 });
    const chunks = [];
    const startedAt = performance.now();
    const stopMeter = this.#meter(stream, startedAt);
    take.recorder = recorder;
    recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    recorder.addEventListener("stop", () => {
      stopMeter();
      stream.getTracks().forEach((track) => track.stop());
      const lengthMs = performance.now() - startedAt;
      if (!take.wanted) return;
      if (lengthMs < SHORTEST_MS) return toast("说话时间太短。");
      this.#onSound(new Blob(chunks, { type: mimeType }), `voice.${suffix}`, Math.round(lengthMs));
    });
    recorder.start();
  }

  #meter(stream, startedAt) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const levels = new Array(BARS).fill(0.06);
    const timer = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + (sample - 128) ** 2, 0) / samples.length) / 128;
      levels.push(Math.min(1, 0.06 + loudness * 3.5));
      levels.shift();
      levels.forEach((level, index) => (this.bars[index].style.transform = `scaleY(${level.toFixed(3)})`));
      const lengthMs = performance.now() - startedAt;
      this.time.textContent = `${Math.floor(lengthMs / 60_000)}:${String(Math.floor(lengthMs / 1000) % 60).padStart(2, "0")}`;
      if (lengthMs > LONGEST_MS) this.#finish();
    }, 80);
    return () => {
      clearInterval(timer);
      context.close();
    };
  }

  #finish() {
    if (this.#take) this.#end(this.#take);
  }

  #end(take) {
    take.done = true;
    if (take.recorder?.state === "recording") take.recorder.stop();
    this.#take = null;
    this.#show(false);
  }

  #show(recording) {
    this.panel.hidden = !recording;
    this.button.classList.toggle("is-recording", recording);
    this.button.closest(".composer")?.classList.toggle("is-recording", recording);
    if (!recording) this.panel.classList.remove("is-free", "is-cancelling");
    this.time.textContent = "0:00";
    this.hint.textContent = recording ? "上滑取消" : "";
  }
}
