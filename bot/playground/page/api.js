// Talking to the bot. A message keeps its id over every attempt, so that sending it again can never double it.

export class SendFailed extends Error {}

export const newMessageId = () => crypto.randomUUID();

export const mediaUrl = (reference) => `/playground/media/${encodeURIComponent(reference)}`;

export function postMessage(userId, messageId, content) {
  return post(JSON.stringify({ user_id: userId, message_id: messageId, ...content }), { "Content-Type": "application/json" });
}

export function postFile(userId, messageId, kind, file, fileName) {
  const form = new FormData();
  form.append("user_id", userId);
  form.append("message_id", messageId);
  form.append("kind", kind);
  form.append("file", file, fileName);
  return post(form, {});
}

async function post(body, headers) {
  let response;
  try {
    response = await fetch("/playground/api/messages", { method: "POST", body, headers });
  } catch {
    throw new SendFailed("没有连上机器人，点一下重发。");
  }
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  throw new SendFailed(answer.message ?? `发送失败（${response.status}），点一下重发。`);
}

/** Calls back with "snapshot", "entry" and "log" for as long as the page is open, through restarts of the bot. */
export function follow({ onEvent, onState }) {
  let source;
  const connect = () => {
    source = new EventSource("/playground/api/stream");
    source.addEventListener("open", () => onState("open"));
    for (const topic of ["snapshot", "entry", "log"]) {
      source.addEventListener(topic, (event) => onEvent(topic, JSON.parse(event.data)));
    }
    source.addEventListener("error", () => {
      onState("connecting");
      // The browser reconnects by itself after a broken connection, but not after an answer such as 502.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
    });
  };
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
}
