// Moments as a chat shows them, in the time zone the bot works in.

let zone = "Asia/Shanghai";
export const useZone = (name) => (zone = name);

const parts = (moment, options) => new Intl.DateTimeFormat("zh-CN", { timeZone: zone, hourCycle: "h23", ...options }).format(moment);
const day = (moment) => parts(moment, { year: "numeric", month: "2-digit", day: "2-digit" });

export const clockTime = (moment) => parts(moment, { hour: "2-digit", minute: "2-digit" });
export const preciseTime = (moment) =>
  parts(moment, { hour: "2-digit", minute: "2-digit", second: "2-digit" }) + "." + String(moment.getMilliseconds()).padStart(3, "0");

export function chatTime(moment, now = new Date()) {
  if (day(moment) === day(now)) return clockTime(moment);
  if (day(moment) === day(new Date(now.getTime() - 86_400_000))) return `昨天 ${clockTime(moment)}`;
  return `${parts(moment, { month: "long", day: "numeric" })} ${clockTime(moment)}`;
}

export const duration = (ms) => {
  const s = Math.max(1, Math.round(ms / 1000));
  return s < 60 ? `${s}″` : `${Math.floor(s / 60)}′${String(s % 60).padStart(2, "0")}″`;
};
