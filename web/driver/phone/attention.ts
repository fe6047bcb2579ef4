import { choices } from "./choices";

/** How an offer makes itself known: two soft tones, two short pulses, each only if wanted. Never faster at the end. */
let sounds: AudioContext | null = null;

/** Phones let a page sound only after a touch: call this from one. */
export function wakeSound(): void {
  if (!choices().sound) return;
  try {
    sounds ??= new AudioContext();
    void sounds.resume();
  } catch {
    sounds = null; // a phone without sound still shows and vibrates
  }
}

export function ring(): void {
  if (choices().vibration && "vibrate" in navigator && navigator.userActivation?.hasBeenActive) {
    navigator.vibrate([180, 120, 180]);
  }
  if (choices().sound) chime();
}

export function chime(): void {
  if (sounds?.state !== "running") return;
  const start = sounds.currentTime + 0.02;
  for (const [number, hertz] of [587.33, 880].entries()) {
    const tone = sounds.createOscillator();
    const loud = sounds.createGain();
    const at = start + number * 0.18;
    tone.type = "sine";
    tone.frequency.value = hertz;
    loud.gain.setValueAtTime(0, at);
    loud.gain.linearRampToValueAtTime(0.22, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    tone.connect(loud).connect(sounds.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  }
}
