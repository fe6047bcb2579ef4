/** How figures are written: section 6 of the visual language. Every time is the market's. */

const METRES_PER_MILE = 1609.344;
const METRES_PER_FOOT = 0.3048;
const GRAMS_PER_POUND = 453.59237;
const NBSP = " ";

type When = string | number | Date;

export type Format = ReturnType<typeof formatOf>;

const known = new Map<string, ReturnType<typeof make>>();

/** The format of one locale and time zone; made once. */
export function formatOf(locale: string, timeZone: string) {
  const key = `${locale} ${timeZone}`;
  let found = known.get(key);
  if (!found) {
    found = make(locale, timeZone);
    known.set(key, found);
  }
  return found;
}

function make(locale: string, timeZone: string) {
  const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone });
  const second = new Intl.DateTimeFormat(locale, {
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
    timeZone,
  });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone });
  const monthDay = new Intl.DateTimeFormat(locale, { month: "short", timeZone });
  const calendar = new Intl.DateTimeFormat("en-CA", { timeZone });
  const whole = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const currencies = new Map<string, Intl.NumberFormat>();

  const split = (at: When, style = clock) => {
    const parts = style.formatToParts(new Date(at));
    const digits = parts
      .filter((p) => p.type !== "dayPeriod")
      .map((p) => p.value)
      .join("")
      .trim();
    const half = parts.find((p) => p.type === "dayPeriod")?.value.toLowerCase() ?? "";
    return { digits, half };
  };
  const joined = ({ digits, half }: { digits: string; half: string }) =>
    half ? `${digits}${NBSP}${half}` : digits;
  const dayKey = (at: When) => calendar.format(new Date(at));

  const format = {
    locale,
    timeZone,

    /** `5:58 pm` */
    time: (at: When) => joined(split(at)),
    /** `5:31:02 pm` */
    seconds: (at: When) => joined(split(at, second)),
    /** `6:12–6:20 pm`; the suffix is shared when both are in the same half of the day. */
    range: (from: When, to: When) => {
      const { digits, half } = format.rangeParts(from, to);
      return half ? `${digits}${NBSP}${half}` : digits;
    },
    /** The same in two parts, for a large figure with a small suffix. */
    rangeParts: (from: When, to: When) => {
      const a = split(from);
      const b = split(to);
      return a.half === b.half
        ? { digits: `${a.digits}–${b.digits}`, half: b.half }
        : { digits: `${joined(a)}–${b.digits}`, half: b.half };
    },
    /** `21 Nov` */
    date: (at: When) => {
      const day = Number(dayKey(at).slice(8));
      return `${day}${NBSP}${monthDay.format(new Date(at)).replace(".", "")}`;
    },
    /** `Sun` */
    weekday: (at: When) => weekday.format(new Date(at)).replace(".", ""),
    /** `6:20 pm` today, `Sun 6:20 pm` on another day of the week, `21 Nov 6:20 pm` further away. */
    moment: (at: When, now: When) => {
      if (dayKey(at) === dayKey(now)) return format.time(at);
      const days = Math.abs(new Date(at).getTime() - new Date(now).getTime()) / 86_400_000;
      return `${days < 6 ? format.weekday(at) : format.date(at)}${NBSP}${format.time(at)}`;
    },
    /** `6:12–6:20 pm` today, `Sun 6:12–6:20 pm` on another day. */
    span: (from: When, to: When, now: When) =>
      dayKey(from) === dayKey(now)
        ? format.range(from, to)
        : `${format.moment(from, now).slice(0, -format.time(from).length)}${format.range(from, to)}`,
    sameDay: (a: When, b: When) => dayKey(a) === dayKey(b),

    /** `3 s`, `41 s`, `6 min`, `2 h` */
    age: (seconds: number) => {
      const s = Math.max(0, Math.floor(seconds));
      if (s < 60) return `${s}${NBSP}s`;
      if (s < 3600) return `${Math.floor(s / 60)}${NBSP}min`;
      if (s < 172_800) return `${Math.floor(s / 3600)}${NBSP}h`;
      return `${Math.floor(s / 86_400)}${NBSP}d`;
    },
    /** `41 min`, `1 h 5 min` */
    minutes: (minutes: number) => {
      const m = Math.round(minutes);
      if (m < 60) return `${m}${NBSP}min`;
      const rest = m % 60;
      return `${Math.floor(m / 60)}${NBSP}h${rest ? `${NBSP}${rest}${NBSP}min` : ""}`;
    },

    /** `$17.40`, `−$3.00`, `$0.00`: always cents, a true minus. */
    money: (minor: number, currency = "USD") => {
      let style = currencies.get(currency);
      if (!style) {
        style = new Intl.NumberFormat(locale, {
          style: "currency",
          currency,
          currencyDisplay: "narrowSymbol",
        });
        currencies.set(currency, style);
      }
      const text = style.format(Math.abs(minor) / 100);
      return minor < 0 ? `−${text}` : text;
    },
    /** `$`, `€`: what a field of money shows beside it. */
    symbol: (currency: string) =>
      new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" })
        .formatToParts(0)
        .find((part) => part.type === "currency")?.value ?? currency,
    /** `36.1627, −86.7816`: where no place has a name. */
    point: ({ lat, lng }: { lat: number; lng: number }) =>
      `${lat.toFixed(4)}, ${lng.toFixed(4)}`.replace(/-/g, "−"),
    /** `96.4%` */
    percent: (share: number) => `${percents.format(share * 100)}%`,
    /** `1,284` */
    count: (n: number) => whole.format(n),
    /** `9.1`, `9` */
    tenths: (n: number) => tenth.format(n),
    /** `9.1 mi`, below 0.2 mi `500 ft` */
    distance: (metres: number) => {
      const miles = metres / METRES_PER_MILE;
      if (miles < 0.2) return `${whole.format(Math.round(metres / METRES_PER_FOOT / 50) * 50)}${NBSP}ft`;
      return `${(miles < 100 ? tenth : whole).format(miles)}${NBSP}mi`;
    },
    /** `11 lb` */
    weight: (grams: number) => `${whole.format(Math.max(1, Math.round(grams / GRAMS_PER_POUND)))}${NBSP}lb`,
    /** `34 mph` */
    speed: (metresPerSecond: number) =>
      `${whole.format(Math.round((metresPerSecond * 3600) / METRES_PER_MILE))}${NBSP}mph`,
  };
  return format;
}
