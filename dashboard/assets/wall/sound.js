/**
 * The alarm: two tones, higher, quicker and more of them the graver the case. A browser lets a page sound only after a
 * person has touched it (or with the kiosk flag `--autoplay-policy=no-user-gesture-required`), so the wall says whether
 * it may, and offers the touch.
 */
const MUTE = 30_000;
/** Per level: the two tones in Hz, seconds per tone, pairs in a row, seconds between two alarms. */
const ALARMS = {
  1: { tones: [988, 740], length: 0.22, pairs: 3, every: 4 },
  2: { tones: [784, 622], length: 0.26, pairs: 2, every: 7 },
  3: { tones: [659, 523], length: 0.3, pairs: 1, every: 12 },
  4: { tones: [587, 494], length: 0.3, pairs: 1, every: 20 },
};

export function makeSound() {
  const context = typeof AudioContext === "undefined" ? null : new AudioContext();
  const listeners = [];
  let level = null;
  let next = 0;
  let mutedUntil = 0;

  const enabled = () => context?.state === "running";
  const tell = () => listeners.forEach((listener) => listener());
  context?.addEventListener("statechange", tell);
  addEventListener("pointerdown", enable, { once: true });

  async function enable() {
    if (context && context.state !== "running") await context.resume().catch(() => {});
    tell();
  }

  function beep(frequency, start, length) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.35, start + 0.02);
    gain.gain.setValueAtTime(0.35, start + length - 0.05);
    gain.gain.linearRampToValueAtTime(0, start + length);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + length);
  }

  function tick() {
    const now = performance.now();
    if (level === null || now < next || now < mutedUntil || !enabled()) return;
    const { tones, length, pairs, every } = ALARMS[level] ?? ALARMS[4];
    next = now + every * 1000;
    for (let i = 0; i < pairs * 2; i += 1) beep(tones[i % 2], context.currentTime + 0.02 + i * length, length);
  }

  setInterval(tick, 250);
  return {
    enabled,
    enable,
    listen: (listener) => listeners.push(listener),

    /** Sound for a case of this level until told otherwise; null for silence. */
    alarm(wanted) {
      if (wanted !== level) next = 0;
      level = wanted;
      if (wanted === null) mutedUntil = 0;
      tick();
    },

    /** So many alarms of this level, once: for news that is shown beside the sound, whatever else sounds. */
    chime(wanted, times = 1) {
      if (!enabled()) return;
      const { tones, length, pairs } = ALARMS[wanted] ?? ALARMS[4];
      const whole = pairs * 2 * length + 0.5;
      for (let n = 0; n < times; n += 1) for (let i = 0; i < pairs * 2; i += 1) beep(tones[i % 2], context.currentTime + 0.02 + n * whole + i * length, length);
    },

    mute() {
      mutedUntil = performance.now() + MUTE;
      next = mutedUntil;
    },

    /** Milliseconds of silence left. */
    muted: () => Math.max(0, mutedUntil - performance.now()),
  };
}
